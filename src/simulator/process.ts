/**
 * The simulated exchange as a separate process, so that making trades takes no time from recording them. Options are
 * JSON in the first argument; it sends `{ wsUrl, restUrl }` to the parent over IPC, or to stdout without a parent.
 * Stops when the parent disconnects, and on SIGTERM and SIGINT.
 */
import { z } from 'zod'
import { startExchange } from './exchange.ts'

const OPTIONS = z.strictObject({
  symbols: z.array(z.string()),
  ratePerSecond: z.number(),
  seed: z.number().int(),
  host: z.enum(['127.0.0.1', '::1']).default('127.0.0.1'),
  port: z.number().int().min(0).max(65_535).default(0),
  historyTrades: z.number().int().positive().default(1_000_000),
  opensWithFirstClient: z.boolean().default(false),
  nextIds: z.record(z.string(), z.number().int().nonnegative()).default({}),
  lastUpdateIds: z.record(z.string(), z.number().int().nonnegative()).default({}),
  lastPrices: z.record(z.string(), z.number().positive()).default({}),
})

/** The JSON of the first argument. */
export type ProcessOptions = z.input<typeof OPTIONS>

/** The message to the parent once the exchange listens. */
export interface ProcessReady {
  wsUrl: string
  restUrl: string
}

const exchange = await startExchange(OPTIONS.parse(JSON.parse(process.argv[2] ?? '{}')))
const ready: ProcessReady = { wsUrl: exchange.wsUrl, restUrl: exchange.restUrl }
if (process.send) process.send(ready)
else console.log(JSON.stringify(ready))

let stopping = false

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  await exchange.close()
  if (process.connected) process.disconnect()
}

process.on('disconnect', () => void stop())
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
