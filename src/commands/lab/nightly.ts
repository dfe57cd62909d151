/**
 * Verifies a live run once a day, soon after the UTC day ends, and when the run ends: `tickhouse lab verify` in a process of its own, so that the
 * live run goes on meanwhile and shares no state of a strategy's file with its replay.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import os from 'node:os'
import { MS_PER_DAY } from '../../clock.ts'

/** The last ticks of the day are stored by then. */
const AFTER_MIDNIGHT_MS = 5 * 60_000
/** After a verification that could not be made, not after one that found a difference. */
const AGAIN_MS = 15 * 60_000
/** Below the recorder and the live run. */
const PRIORITY = 10

export interface NightlyOptions {
  /** When the run was last verified, or began; ms since 1970 UTC. */
  lastMs: number
  /** Resolves with the exit code: above 1 if it could not be verified, null if it was ended. */
  verify: () => Promise<number | null>
}

export class Nightly {
  readonly #verify: NightlyOptions['verify']
  #dueMs: number
  #running = false

  constructor({ lastMs, verify }: NightlyOptions) {
    this.#verify = verify
    this.#dueMs = nextDay(lastMs)
  }

  /** Begins a verification if one is due and none runs. */
  check(nowMs: number): void {
    if (this.#running || nowMs < this.#dueMs) return
    this.#running = true
    this.#dueMs = nextDay(nowMs)
    void this.#verify()
      .catch(() => null)
      .then(code => {
        this.#running = false
        if (code === null || code > 1) this.#dueMs = Math.min(this.#dueMs, nowMs + AGAIN_MS)
      })
  }
}

/** Shortly after the next midnight, UTC. */
const nextDay = (ms: number): number => (Math.floor(ms / MS_PER_DAY) + 1) * MS_PER_DAY + AFTER_MIDNIGHT_MS

/** Runs `tickhouse lab verify` with the settings of this command. `file` is the portfolio's. Resolves with its exit code. */
export function verifyApart(run: string, file: string, signal: AbortSignal): Promise<number | null> {
  const [program = '', ...given] = process.argv.slice(1)
  const settings = given.slice(given.indexOf('start') + 1).filter(each => each !== file)
  const flags = ['lab', 'verify', run, '--strategies', file, ...settings]
  const child = spawn(process.execPath, [...process.execArgv, program, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
    signal,
  })
  lower(child)
  return new Promise(resolve => {
    child.once('error', () => resolve(null))
    child.once('close', code => resolve(code))
  })
}

function lower({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) os.setPriority(pid, PRIORITY)
  } catch {
    // It may have ended, or the system does not allow it.
  }
}
