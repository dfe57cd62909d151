/** Everything the page knows. Messages go in through `applyMessage`; components read the signals. No other file keeps server state. */
import { computed, type Signal, signal } from '@preact/signals'
import type {
  BestQuote,
  LogEntry,
  Messages,
  Sample,
  SymbolChange,
  SymbolStatus,
} from '../../src/serve/page/protocol.ts'
import type { StageStatuses } from '../../src/status/model.ts'
import { BarHistory } from './chart/bars.ts'
import { Tape } from './market/prints.ts'
import { view } from './view.ts'

/** Lines kept for reading back; older ones are in the store's own tables. */
export const LINES_MAX = 2_000
/** Seconds of history kept for the pipeline's curves. */
export const SAMPLES_MAX = 900
/** The stream sends twice a second; longer without a message is shown as stale. */
export const STALE_AFTER_MS = 3_000

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  /** Lost at `lostAtMs`, tried again at `retryAtMs` (this machine's clock). */
  | { state: 'waiting'; lostAtMs: number; retryAtMs: number }

export const connection = signal<Connection>({ state: 'connecting' })
/** When the last message arrived, by this machine's clock; 0 before the first. */
export const lastMessageAtMs = signal(0)
/** This machine's clock, moved on once a second while the page is seen. */
export const machineNowMs = signal(Date.now())
/** The server's clock: ages of ticks are relative to it, not to this machine's. */
export const serverNowMs = computed(() => machineNowMs.value + clockOffsetMs.value)
const clockOffsetMs = signal(0)

/** Time without a message, or null while they arrive as expected. */
export const staleMs = computed(() => {
  if (connection.value.state !== 'live') return null
  const silentMs = machineNowMs.value - lastMessageAtMs.value
  return silentMs > STALE_AFTER_MS ? silentMs : null
})

/** True while the values on the page may be old. */
export const stale = computed(
  () => lastMessageAtMs.value > 0 && (connection.value.state === 'waiting' || staleMs.value !== null),
)

export const serverInfo = signal<Pick<Messages['hello'], 'version' | 'engine' | 'startedAtMs' | 'simulated'> | null>(
  null,
)
export const stages = signal<StageStatuses | null>(null)
export const samples = signal<Sample[]>([])

/** Reports of external watchers; null before the first. */
export const watchReports = signal<Messages['watch'] | null>(null)

/** Each symbol's own signal, by `symbolKey`: a row redraws only when its own symbol changed. */
export const symbols = signal<Map<string, Signal<SymbolStatus>>>(new Map())
/** The same by their numbers at the server. */
let byIndex = new Map<number, Signal<SymbolStatus>>()
/** The name of the open stream, for requests about it. */
export const streamId = signal('')
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

/** Ten times a second, where the watch list's quote comes four times; null before the first of a view. */
const newestQuote = signal<BestQuote | null>(null)

/** The tape changes in place; its signal marks when. */
export const tape = signal({ tape: new Tape(), loaded: false })

/** Oldest first. */
export const lines = signal<LogEntry[]>([])
/** Lines emitted while the page was disconnected that the server no longer had. */
export const logLinesMissed = signal(0)

/** The symbol in view, if it is recorded. */
export const shownSymbol = computed(() => {
  const { venue, symbol } = view.value
  return venue !== null && symbol !== null ? (symbols.value.get(symbolKey(venue, symbol))?.value ?? null) : null
})

/** The newest price of the symbol in view, or null before any is known. */
export const lastPrice = computed(() => newestClose.value ?? shownSymbol.value?.last ?? null)

/** Best bid and ask of the symbol in view, or null before any is known. */
export const bestQuote = computed<BestQuote | null>(() => {
  const status = shownSymbol.value
  if (newestQuote.value) return newestQuote.value
  return status && status.ask > 0 ? [status.quotedAtMs, status.bid, status.bidSize, status.ask, status.askSize] : null
})

/** True when the address names a symbol that is not recorded here. */
export const symbolUnknown = computed(() => {
  const { venue, symbol } = view.value
  return symbolsLoaded.value && venue !== null && symbol !== null && !symbols.value.has(symbolKey(venue, symbol))
})

/** Empties what belongs to one view, before another one's data comes. */
export function clearMarket(): void {
  history.clear()
  newestQuote.value = null
  tape.value = { tape: new Tape(), loaded: false }
}

function applyHello(hello: Messages['hello']): void {
  const restarted = serverInfo.peek()?.startedAtMs !== hello.startedAtMs
  serverInfo.value = hello
  streamId.value = hello.stream
  clockOffsetMs.value = hello.nowMs - Date.now()
  samples.value = hello.samples.slice(-SAMPLES_MAX)
  if (restarted) {
    lines.value = []
    logLinesMissed.value = 0
  }
  applyLogLines(hello.lines)
}

function applySymbols({ reset, symbols: changed }: Messages['symbols']): void {
  const known = symbols.peek()
  const next = reset ? new Map<string, Signal<SymbolStatus>>() : known
  if (reset) byIndex = new Map()
  let added = false
  for (const status of changed) {
    const key = symbolKey(status.venue, status.symbol)
    const existing = known.get(key)
    if (existing) {
      const spark = status.spark ?? existing.peek().spark
      existing.value = spark ? { ...status, spark } : status
      next.set(key, existing)
      byIndex.set(status.index, existing)
    } else {
      const fresh = signal(status)
      next.set(key, fresh)
      byIndex.set(status.index, fresh)
      added = true
    }
  }
  if (reset || added) symbols.value = reset ? next : new Map(next)
  symbolsLoaded.value = true
}

function applyChanges(changes: SymbolChange[]): void {
  for (const [index, last, reference, decimals, side, ticksPerSecond, trades, lastAtMs, gaps, ...quote] of changes) {
    const held = byIndex.get(index)
    if (!held) continue
    const [bid, bidSize, ask, askSize, quotesPerSecond, quotedAtMs] = quote
    held.value = {
      ...held.peek(),
      ...{ last, reference, decimals, side, ticksPerSecond, trades, lastAtMs, gaps },
      ...{ bid, bidSize, ask, askSize, quotesPerSecond, quotedAtMs },
    }
  }
}

function applySparks(sparks: Messages['sparks']): void {
  for (const [index, spark] of sparks) {
    const held = byIndex.get(index)
    if (held) held.value = { ...held.peek(), spark }
  }
}

function applyLogLines(fresh: LogEntry[]): void {
  const known = lines.peek()
  const lastId = known.at(-1)?.id
  const added = lastId === undefined ? fresh : fresh.filter(line => line.id > lastId)
  if (added.length === 0) return
  if (lastId !== undefined) logLinesMissed.value += added[0]!.id - lastId - 1
  lines.value = [...known, ...added].slice(-LINES_MAX)
}

/** Takes in one message of the stream. Call within a batch: several messages are drawn as one change. */
export function applyMessage<Name extends keyof Messages>(name: Name, message: Messages[Name]): void {
  APPLY[name](message)
}

const APPLY: { [Name in keyof Messages]: (message: Messages[Name]) => void } = {
  hello: applyHello,
  stations: message => {
    stages.value = message
  },
  symbols: applySymbols,
  changes: applyChanges,
  sparks: applySparks,
  bars: ({ bars, spreads }) => history.replace(bars, spreads),
  update: ({ bars, spreads, quote, prints, skipped }) => {
    history.update(bars, spreads)
    if (quote) newestQuote.value = quote
    if (prints.length === 0 && skipped === 0) return
    const { tape: current, loaded } = tape.peek()
    current.add(prints, skipped)
    tape.value = { tape: current, loaded }
  },
  prints: ({ prints }) => {
    const { tape: current } = tape.peek()
    current.reset(prints)
    tape.value = { tape: current, loaded: true }
  },
  sample: message => {
    samples.value = [...samples.peek(), message].slice(-SAMPLES_MAX)
  },
  lines: applyLogLines,
  watch: message => {
    watchReports.value = message
  },
}
