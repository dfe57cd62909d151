/** Runs the simulated exchange as a child process. It continues after the last simulated ticks in the log. */

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import type { LoggedRecord } from '../log/log.ts'
import { openLog } from '../log/open.ts'
import type { ProcessOptions, ProcessReady } from '../simulator/process.ts'
import type { Selected } from '../sources/selection.ts'
import { type Kind, QUOTES, type TickColumns, TRADES } from '../tick/kinds.ts'
import { BlockError } from '../tick/native.ts'
import { RECORD_VERSION } from '../tick/records.ts'

const ENTRY = fileURLToPath(new URL('../simulator/process.ts', import.meta.url))
const RATE_DEFAULT = 200
const SEED_DEFAULT = 1
/** Records searched for each symbol's last trade and quote; a symbol without one starts from the beginning. */
const RECORDS_BACK_MAX = 10_000

export interface Simulation extends ProcessReady {
  stop(): Promise<void>
}

/** Starts an exchange if simulated symbols are selected and no address of another one is configured. */
export async function simulate(selected: readonly Selected[], config: Config): Promise<Simulation | undefined> {
  const simulated = selected.find(({ venue }) => venue.name === 'simulator')
  return simulated && !config.SIMULATOR_WS ? startSimulation(simulated, config.LOG) : undefined
}

/** Starts an exchange for the selected symbols. Resolves when it listens. */
async function startSimulation({ venue, symbols, options }: Selected, logAddress: string): Promise<Simulation> {
  const last = await lastTicks(venue.name, logAddress)
  const argument: ProcessOptions = {
    symbols: symbols.length > 0 ? [...symbols] : [...venue.defaultSymbols],
    ratePerSecond: options.rate ?? RATE_DEFAULT,
    seed: options.seed ?? SEED_DEFAULT,
    ...last,
    opensWithFirstClient: true,
  }
  const child = fork(ENTRY, [JSON.stringify(argument)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the simulated exchange ended before it listened'))),
  ])) as [ProcessReady]
  return {
    ...ready,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** The id after each symbol's last trade, its price, and the number of the last quote. From the log: the store may be behind. */
async function lastTicks(venue: string, logAddress: string) {
  const last = { nextIds: {}, lastPrices: {}, lastUpdateIds: {} } satisfies Partial<ProcessOptions>
  let log: Awaited<ReturnType<typeof openLog>>
  try {
    log = await openLog(logAddress, 'read')
  } catch (error) {
    if (error instanceof TickhouseError && error.code === 'log_missing') return last
    throw error
  }
  try {
    for (let partition = 0; partition < log.partitions; partition++) {
      const { first, next } = log.bounds(partition)
      let offset = Math.max(first, next - RECORDS_BACK_MAX)
      if (offset >= next) continue
      for await (const chunk of log.read(partition, offset, new AbortController().signal)) {
        for (const record of chunk) noteLast(last, venue, record)
        offset += chunk.length
        if (offset >= next) break
      }
    }
    return last
  } finally {
    await log.close()
  }
}

interface LastTicks {
  readonly nextIds: Record<string, number>
  readonly lastPrices: Record<string, number>
  readonly lastUpdateIds: Record<string, number>
}

function noteLast({ nextIds, lastPrices, lastUpdateIds }: LastTicks, venue: string, record: LoggedRecord): void {
  const trades = ticksIn(TRADES, record)
  for (let row = 0; row < trades.length; row++) {
    if (trades.venues.words[trades.venue[row]!] !== venue) continue
    const symbol = trades.symbols.words[trades.symbol[row]!]!
    const nextId = Number(trades.tradeId[row]) + 1
    if (nextId <= (nextIds[symbol] ?? 0)) continue
    nextIds[symbol] = nextId
    lastPrices[symbol] = trades.price[row]!
  }
  const quotes = ticksIn(QUOTES, record)
  for (let row = 0; row < quotes.length; row++) {
    if (quotes.venues.words[quotes.venue[row]!] !== venue) continue
    const symbol = quotes.symbols.words[quotes.symbol[row]!]!
    lastUpdateIds[symbol] = Math.max(lastUpdateIds[symbol] ?? 0, Number(quotes.sequence[row]))
  }
}

/** The ticks of a record of a kind as recorders write it; none for any other record. */
function ticksIn<C extends TickColumns>(kind: Kind<C>, { kind: name, format, version, payload }: LoggedRecord): C {
  if (name !== kind.name || format !== 'native' || version !== RECORD_VERSION) return kind.columns(0)
  try {
    return kind.decode(payload)
  } catch (error) {
    if (error instanceof BlockError) return kind.columns(0)
    throw error
  }
}
