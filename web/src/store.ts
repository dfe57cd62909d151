/** Everything the page knows. Messages go in through `take`; components read the signals. Nothing else holds server state. */
import { computed, type Signal, signal } from '@preact/signals'
import type { LogLine, Messages, Sample, SymbolStatus } from '../../src/serve/page/protocol.ts'
import type { StageStatuses } from '../../src/status/model.ts'
import { BarHistory } from './chart/bars.ts'
import { Tape } from './market/prints.ts'
import { view } from './view.ts'

/** Lines kept for reading back; older ones are in the store's own tables. */
export const LINES_MAX = 2_000
/** Seconds of history kept for the pipeline's curves. */
export const SAMPLES_MAX = 900
/** The stream speaks twice a second; silence this long is shown. */
export const STALE_AFTER_MS = 3_000

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Lost at `lostAtMs`, tried again at `retryAtMs` (this machine's clock). */
  | { state: 'waiting'; lostAtMs: number; retryAtMs: number }

export const connection = signal<Connection>({ state: 'connecting' })
/** When the server last said anything, this machine's clock; 0 before the first word. */
export const lastMessageAtMs = signal(0)
/** This machine's clock, moved on once a second while the page is seen. */
export const machineNowMs = signal(Date.now())
/** The server's clock: ages of ticks are told by it, whatever this machine's clock says. */
export const serverNowMs = computed(() => machineNowMs.value + clockOffsetMs.value)
const clockOffsetMs = signal(0)

/** How long the stream has been silent, or null while it speaks as it should. */
export const staleMs = computed(() => {
  if (connection.value.state !== 'live') return null
  const silentMs = machineNowMs.value - lastMessageAtMs.value
  return silentMs > STALE_AFTER_MS ? silentMs : null
})

/** True while the figures on the page may be old. */
export const stale = computed(
  () => lastMessageAtMs.value > 0 && (connection.value.state === 'waiting' || staleMs.value !== null),
)

export const house = signal<Pick<Messages['hello'], 'version' | 'engine' | 'startedAtMs' | 'simulated'> | null>(null)
export const stations = signal<StageStatuses | null>(null)
export const samples = signal<Sample[]>([])

/** What watchers outside say; null before the first word. */
export const watchReports = signal<Messages['watch'] | null>(null)

/** Each symbol's own signal, by `symbolKey`: a row draws anew when its symbol changed, not when another did. */
export const symbols = signal<Map<string, Signal<SymbolStatus>>>(new Map())
/** False until the first list of symbols has come. */
export const symbolsLoaded = signal(false)
export const symbolKey = (venue: string, symbol: string): string => `${venue}/${symbol}`

export const history = new BarHistory()
/** Whether the chart waits for its history. */
export const historyLoading = signal(true)
export const historyEmpty = signal(true)
/** The close of the newest bar: ten times a second, where the watch list's price comes twice. */
const newestClose = signal<number | null>(null)
history.subscribe(() => {
  newestClose.value = history.bars.at(-1)?.[4] ?? null
  historyLoading.value = !history.loaded
  historyEmpty.value = history.bars.length === 0
})

/** The tape changes in place; its signal says when. */
export const tape = signal({ tape: new Tape(), loaded: false })

/** Oldest first. */
export const lines = signal<LogLine[]>([])
/** Lines that passed while the page was not listening and that the server no longer held. */
export const logLinesMissed = signal(0)

/** The symbol in view, when the house knows it. */
export const shownSymbol = computed(() => {
  const { venue, symbol } = view.value
  return venue !== null && symbol !== null ? (symbols.value.get(symbolKey(venue, symbol))?.value ?? null) : null
})

/** The newest price of the symbol in view, or null before any is known. */
export const lastPrice = computed(() => newestClose.value ?? shownSymbol.value?.last ?? null)

/** True when the address asks for a symbol that is not recorded here. */
export const symbolUnknown = computed(() => {
  const { venue, symbol } = view.value
  return symbolsLoaded.value && venue !== null && symbol !== null && !symbols.value.has(symbolKey(venue, symbol))
})

/** Empties what belongs to one view, before another one's data comes. */
export function forgetMarket(): void {
  history.clear()
  tape.value = { tape: new Tape(), loaded: false }
}

function takeHello(hello: Messages['hello']): void {
  const restarted = house.peek()?.startedAtMs !== hello.startedAtMs
  house.value = hello
  clockOffsetMs.value = hello.nowMs - Date.now()
  samples.value = hello.samples.slice(-SAMPLES_MAX)
  if (restarted) {
    lines.value = []
    logLinesMissed.value = 0
  }
  takeLines(hello.lines)
}

function takeSymbols({ reset, symbols: changed }: Messages['symbols']): void {
  const known = symbols.peek()
  const next = reset ? new Map<string, Signal<SymbolStatus>>() : known
  let added = false
  for (const status of changed) {
    const key = symbolKey(status.venue, status.symbol)
    const held = known.get(key)
    if (held) {
      const spark = status.spark ?? held.peek().spark
      held.value = spark ? { ...status, spark } : status
      next.set(key, held)
    } else {
      next.set(key, signal(status))
      added = true
    }
  }
  if (reset || added) symbols.value = reset ? next : new Map(next)
  symbolsLoaded.value = true
}

function takeLines(fresh: LogLine[]): void {
  const held = lines.peek()
  const lastId = held.at(-1)?.id
  const added = lastId === undefined ? fresh : fresh.filter(line => line.id > lastId)
  if (added.length === 0) return
  if (lastId !== undefined) logLinesMissed.value += added[0]!.id - lastId - 1
  lines.value = [...held, ...added].slice(-LINES_MAX)
}

/** Takes in one message of the stream. Call within a batch: several messages are drawn as one change. */
export function take<Name extends keyof Messages>(name: Name, message: Messages[Name]): void {
  TAKE[name](message)
}

const TAKE: { [Name in keyof Messages]: (message: Messages[Name]) => void } = {
  hello: takeHello,
  stations: message => {
    stations.value = message
  },
  symbols: takeSymbols,
  bars: ({ bars }) => history.replace(bars),
  update: ({ bars, prints, skipped }) => {
    history.update(bars)
    const { tape: held, loaded } = tape.peek()
    held.add(prints, skipped)
    tape.value = { tape: held, loaded }
  },
  prints: ({ prints }) => {
    const { tape: held } = tape.peek()
    held.reset(prints)
    tape.value = { tape: held, loaded: true }
  },
  sample: message => {
    samples.value = [...samples.peek(), message].slice(-SAMPLES_MAX)
  },
  lines: takeLines,
  watch: message => {
    watchReports.value = message
  },
}
