/**
 * The one connection to the server: an event stream for the present view.
 *
 * Messages wait for the next animation frame and are drawn together. A hidden page closes the stream and reopens it
 * when it is seen again; the server's first messages then set everything right, as they do after any reconnect.
 *
 * The states: `connecting` (no message yet), `live` (receiving; without messages it turns stale, then reconnects),
 * `waiting` (lost; tried again after a growing wait). `setConnection` is the only place that changes them.
 */
import { batch, effect, untracked } from '@preact/signals'
import type { Messages, SymbolStatus } from '../../src/serve/page/protocol.ts'
import type { View } from './address.ts'
import {
  applyMessage,
  type Connection,
  clearMarket,
  connection,
  lastMessageAtMs,
  machineNowMs,
  symbols,
} from './store.ts'
import { show, view } from './view.ts'

const RETRY_MS_MIN = 500
const RETRY_MS_MAX = 10_000
/** A stream without a message for this long is closed and reopened: TCP may not report a lost peer. */
const SILENCE_MS_MAX = 15_000
/** A view that quick keys skip is not requested. */
const SETTLE_MS = 120
/** Messages waiting for one frame. More means that nothing is drawn: the stream is reopened instead. */
const PENDING_MESSAGES_MAX = 2_000

const NAMES = [
  'hello',
  'stations',
  'symbols',
  'changes',
  'sparks',
  'bars',
  'update',
  'prints',
  'sample',
  'lines',
  'watch',
] as const satisfies (keyof Messages)[]

type Pending = { [Name in keyof Messages]: { name: Name; data: string } }[keyof Messages]

let stream: EventSource | null = null
/** The address of the open stream, or the one it would have. */
let openFor = ''
let pending: Pending[] = []
let frame = 0
/** By a clock that never falls: the machine's may be set. */
let lastMessageMs = 0
let retry: ReturnType<typeof setTimeout> | undefined
let failures = 0

const setConnection = (next: Connection): void => {
  connection.value = next
}

function streamAddress({ venue, symbol, interval }: View): string {
  const parameters = new URLSearchParams()
  if (venue !== null && symbol !== null) {
    parameters.set('venue', venue)
    parameters.set('symbol', symbol)
  }
  if (interval) parameters.set('interval', interval)
  return `/api/live?${parameters}`
}

/** Fills in what the address left to the server. The stream is open for just that, so it stays open. */
function applyServerDefaults(chosen: Messages['hello']['view']): void {
  const current = view.peek()
  if (!chosen || (current.symbol !== null && current.interval !== null)) return
  const next = { ...current, interval: current.interval ?? chosen.interval }
  if (current.symbol === null) Object.assign(next, { venue: chosen.venue, symbol: chosen.symbol })
  openFor = streamAddress(next)
  show(next, 'replace')
}

function flush(): void {
  frame = 0
  const messages = pending
  pending = []
  batch(() => {
    for (const { name, data } of messages) {
      const message = JSON.parse(data)
      applyMessage(name, message)
      if (name === 'hello') applyServerDefaults(message.view)
    }
  })
}

function onMessage(message: Pending): void {
  lastMessageAtMs.value = Date.now()
  lastMessageMs = performance.now()
  if (connection.peek().state !== 'live') {
    failures = 0
    setConnection({ state: 'live' })
  }
  pending.push(message)
  if (pending.length > PENDING_MESSAGES_MAX) open()
  else if (frame === 0) frame = requestAnimationFrame(flush)
}

function close(): void {
  stream?.close()
  stream = null
  clearTimeout(retry)
  cancelAnimationFrame(frame)
  frame = 0
  pending = []
}

function open(): void {
  close()
  if (document.hidden) return
  openFor = streamAddress(view.peek())
  stream = new EventSource(openFor)
  for (const name of NAMES) {
    stream.addEventListener(name, event => onMessage({ name, data: event.data }))
  }
  stream.onerror = onError
}

/** Retries here, since the browser's own retry has a fixed, hidden interval. */
function onError(): void {
  close()
  const current = connection.peek()
  const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** failures) * (0.75 + Math.random() * 0.5)
  failures++
  const nowMs = Date.now()
  setConnection({
    state: 'waiting',
    lostAtMs: current.state === 'waiting' ? current.lostAtMs : nowMs,
    retryAtMs: nowMs + waitMs,
  })
  retry = setTimeout(open, waitMs)
}

/** Reconnects now, without waiting for the next retry. */
export function reconnectNow(): void {
  failures = 0
  open()
}

function everySecond(): void {
  if (document.hidden) return
  machineNowMs.value = Date.now()
  if (connection.peek().state === 'live' && performance.now() - lastMessageMs > SILENCE_MS_MAX) onError()
}

/** Shows the busiest symbol once an empty instance receives its first ones. */
function showBusiest(): void {
  if (view.value.symbol !== null || symbols.value.size === 0) return
  let busiest: SymbolStatus | null = null
  for (const current of symbols.value.values()) {
    const status = current.peek()
    if (!busiest || status.ticksPerSecond > busiest.ticksPerSecond) busiest = status
  }
  if (busiest) show({ venue: busiest.venue, symbol: busiest.symbol }, 'replace')
}

/** Opens the stream and keeps it open and right: for each view, through losses, while the page is seen. */
export function keepLive(): void {
  open()
  let settle: ReturnType<typeof setTimeout> | undefined
  effect(() => {
    const wanted = streamAddress(view.value)
    clearTimeout(settle)
    if (wanted === openFor) return
    untracked(clearMarket)
    settle = setTimeout(open, SETTLE_MS)
  })
  effect(showBusiest)
  document.addEventListener('visibilitychange', () => {
    machineNowMs.value = Date.now()
    if (document.hidden) close()
    else open()
  })
  setInterval(everySecond, 1_000)
}
