/**
 * Recorder and ingest as `tickhouse start` runs them, with a simulated exchange: three processes, measured from
 * outside.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExchangeStats } from '../../src/simulator/options.ts'
import type { ProcessOptions, ProcessReady } from '../../src/simulator/process.ts'
import { simulator } from '../../src/venues/simulator.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const EXCHANGE = fileURLToPath(new URL('../../src/simulator/process.ts', import.meta.url))

export type Part = 'exchange' | 'recorder' | 'storing'

export interface Instance {
  pids: Readonly<Record<Part, number>>
  /** Address of page and queries. */
  url: string
  /** Rows of a SELECT over HTTP. */
  rows<T>(query: string): Promise<T[]>
  /** Sets the exchange's rate, trades a second; 0 pauses it. Returns what it has made until then. */
  setRate(ratePerSecond: number): Promise<ExchangeStats>
  /** Stops the exchange, and the recorder once it has appended everything; ingest continues. */
  stopRecording(): Promise<void>
  stop(): Promise<void>
}

/** The setting that records these kinds of the simulated exchange. */
export const sourcesOf = (kinds: readonly string[], symbols = simulator.defaultSymbols): string =>
  `simulator:${symbols.join(',')}@${kinds.join(',')}`

/**
 * Starts an instance that records `ratePerSecond` simulated trades, without quotes. `flags` are Node's, for recorder and storing
 * process; `settings` are additional settings by full name.
 */
export async function startInstance(
  directory: string,
  ratePerSecond: number,
  flags: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
  symbols = simulator.defaultSymbols,
): Promise<Instance> {
  const options: ProcessOptions = { symbols: [...symbols], ratePerSecond, seed: 1 }
  const exchange = fork(EXCHANGE, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [{ wsUrl, restUrl }] = (await once(exchange, 'message')) as [ProcessReady]
  const env = {
    ...process.env,
    TICKHOUSE_SOURCES: sourcesOf(['trades']),
    TICKHOUSE_SIMULATOR_WS: wsUrl,
    TICKHOUSE_ARCHIVE: 'off',
    TICKHOUSE_LOG: `sqlite:${path.join(directory, 'log')}`,
    TICKHOUSE_STORE: `chdb:${path.join(directory, 'store')}`,
    TICKHOUSE_LISTEN: '127.0.0.1:0',
    TICKHOUSE_LOG_FORMAT: 'json',
    UV_THREADPOOL_SIZE: '16',
    ...settings,
  }
  const part = (command: string) =>
    fork(CLI, [command], { env, execArgv: [...flags], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  const recorder = part('record')
  const storing = part('ingest')
  recorder.stdout!.resume()
  const url = await servingUrl(storing)
  const stopRecording = async () => {
    await stopped(exchange)
    await stopped(recorder)
  }
  return {
    pids: { exchange: exchange.pid!, recorder: recorder.pid!, storing: storing.pid! },
    url,
    rows: async query => {
      const answer = await fetch(`${url}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${query}: ${text}`)
      return text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line))
    },
    setRate: async ratePerSecond => {
      const answer = await fetch(`${restUrl}/control/setRate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ratePerSecond }),
      })
      if (!answer.ok) throw new Error(await answer.text())
      return (await answer.json()) as ExchangeStats
    },
    stopRecording,
    stop: async () => {
      await stopRecording()
      await stopped(storing)
    },
  }
}

/** The address that the storing process logs; discards its other log lines. */
async function servingUrl(storing: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  storing.once('exit', code => reject(new Error(`the storing process ended (${code}) before it served`)))
  createInterface(storing.stdout!).on('line', line => {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url) resolve(url)
  })
  return promise
}

/** A supervised process stops when its parent disconnects. */
async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}
