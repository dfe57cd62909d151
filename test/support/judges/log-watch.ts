import assert from 'node:assert/strict'
import type { Log, LoggedRecord } from '../../../src/log/log.ts'
import { readQuotes } from '../../../src/tick/quotes/record.ts'
import { readTrades } from '../../../src/tick/records.ts'
import type { TestProcess } from '../processes/tickhouse.ts'
import { WAIT_MS_MAX } from '../processes/tickhouse.ts'

/**
 * Reads a log while a recorder writes it. Records it has read were durable: they must stay, whatever happens to the
 * recorder.
 */
export class LogWatch implements AsyncDisposable {
  readonly #log: Log
  readonly #stop = new AbortController()
  readonly #following: Promise<unknown>
  readonly #lastIds = new Map<string, number>()
  /** How often the last id of each symbol came. */
  readonly #times = new Map<string, number>()
  readonly #seen: LoggedRecord[][]
  readonly #waiting = new Set<() => void>()

  constructor(log: Log) {
    this.#log = log
    this.#seen = Array.from({ length: log.partitions }, () => [])
    this.#following = Promise.all(this.#seen.map((_, partition) => this.#follow(partition)))
  }

  /** Resolves when the log has these ids or later ones, one per symbol (of quotes: `quotes BTCUSDT`). Rejects if the recorder ends first. */
  async until(ids: ReadonlyMap<string, number>, recorder: TestProcess, waitMsMax = WAIT_MS_MAX): Promise<void> {
    await this.#until(
      () => [...ids].every(([symbol, id]) => (this.#lastIds.get(symbol) ?? 0) >= id),
      recorder,
      waitMsMax,
    )
  }

  /** Resolves when these ids, each the last of its symbol, have come this often: from as many recorders of one feed. */
  async untilTimes(ids: ReadonlyMap<string, number>, times: number, recorder: TestProcess): Promise<void> {
    const came = ([symbol, id]: [string, number]) =>
      this.#lastIds.get(symbol) === id && this.#times.get(symbol)! >= times
    await this.#until(() => [...ids].every(came), recorder, WAIT_MS_MAX)
  }

  async #until(reached: () => boolean, recorder: TestProcess, waitMsMax: number): Promise<void> {
    const late = AbortSignal.timeout(waitMsMax)
    const ended = recorder.exited.then(() => 'ended' as const)
    while (!reached()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      late.addEventListener('abort', () => resolve())
      const how = await Promise.race([promise, ended])
      if (how === 'ended' || late.aborted)
        throw new Error(`only ${JSON.stringify([...this.#lastIds])} came:\n${recorder.recentOutput()}`)
    }
  }

  /** The last id of each symbol so far. */
  lastIds(): ReadonlyMap<string, number> {
    return new Map(this.#lastIds)
  }

  /** Symbol and id of every trade seen so far, repeats too. */
  ids(): [symbol: string, id: number][] {
    return this.#seen.flat().flatMap(entry => idsIn(entry))
  }

  /** Fails unless every record read is still there, byte for byte, at its offset. Returns the number of records. */
  async assertAllStillThere(): Promise<number> {
    let records = 0
    for (const [partition, seen] of this.#seen.entries()) {
      let offset = 0
      // Reading a partition without records would wait for the first.
      if (seen.length === 0) continue
      for await (const chunk of this.#log.read(partition, 0, new AbortController().signal)) {
        for (const entry of chunk) if (offset < seen.length) assert.deepEqual(entry, seen[offset++])
        if (offset === seen.length) break
      }
      records += seen.length
    }
    return records
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#following
    await this.#log.close()
  }

  #noteId(symbol: string, id: number): void {
    const last = this.#lastIds.get(symbol) ?? 0
    if (id < last) return
    this.#times.set(symbol, id === last ? this.#times.get(symbol)! + 1 : 1)
    this.#lastIds.set(symbol, id)
  }

  async #follow(partition: number): Promise<void> {
    for await (const chunk of this.#log.read(partition, 0, this.#stop.signal)) {
      for (const entry of chunk) {
        this.#seen[partition]!.push(entry)
        for (const [name, id] of [...idsIn(entry), ...sequencesIn(entry)]) this.#noteId(name, id)
      }
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    }
  }
}

function idsIn({ kind, format, payload }: LoggedRecord): [symbol: string, id: number][] {
  if (kind !== 'trades' || format !== 'native') return []
  const trades = readTrades(payload)
  return Array.from({ length: trades.length }, (_, row) => [
    trades.symbols.words[trades.symbol[row]!]!,
    Number(trades.tradeId[row]),
  ])
}

/** Of quotes, under a name of their own. */
function sequencesIn({ kind, format, payload }: LoggedRecord): [name: string, sequence: number][] {
  if (kind !== 'quotes' || format !== 'native') return []
  const quotes = readQuotes(payload)
  return Array.from({ length: quotes.length }, (_, row) => [
    `quotes ${quotes.symbols.words[quotes.symbol[row]!]!}`,
    Number(quotes.sequence[row]),
  ])
}
