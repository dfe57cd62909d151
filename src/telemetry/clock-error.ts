/**
 * How far this machine's clock may be from UTC, as chrony states it: https://chrony-project.org/doc/latest/chronyc.html,
 * `tracking`. Not known where chrony does not run, or is not synchronised: nothing else that a program may read states a bound.
 */
import { execFile } from 'node:child_process'

const EVERY_MS = 60_000
const TIMEOUT_MS = 5_000

/** Fields of a line of `chronyc -c tracking`. */
const [STRATUM, OFFSET, ROOT_DELAY, ROOT_DISPERSION, LEAP] = [2, 4, 10, 11, 13]
const NOT_SYNCHRONISED = 'Not synchronised'

/**
 * The bound in seconds, of `chronyc -c tracking`: |offset| + root dispersion + half the root delay. Null if the line does not state
 * one.
 */
export function readTracking(line: string): number | null {
  const fields = line.trim().split(',')
  if (fields.length <= LEAP || fields[LEAP] === NOT_SYNCHRONISED || Number(fields[STRATUM]) === 0) return null
  const [offset, delay, dispersion] = [OFFSET, ROOT_DELAY, ROOT_DISPERSION].map(at => Number(fields[at] || Number.NaN))
  const bound = Math.abs(offset!) + dispersion! + delay! / 2
  return Number.isFinite(bound) && dispersion! >= 0 && delay! >= 0 ? bound : null
}

/** Reads the bound once a minute while started. */
export class ClockErrorGauge {
  readonly #command: string
  #timer: NodeJS.Timeout | undefined
  #seconds: number | null = null

  /** `command`: another chronyc. */
  constructor(command = 'chronyc') {
    this.#command = command
  }

  /** The last reading; null where none is known. */
  get seconds(): number | null {
    return this.#seconds
  }

  start(): void {
    this.#timer = setInterval(() => void this.read(), EVERY_MS)
    this.#timer.unref()
    void this.read()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Never rejects. */
  async read(): Promise<void> {
    this.#seconds = await new Promise(resolve => {
      const options = { timeout: TIMEOUT_MS, maxBuffer: 4_096 }
      const child = execFile(this.#command, ['-c', '-n', 'tracking'], options, (error, stdout) =>
        resolve(error ? null : readTracking(stdout)),
      )
      // The recorder ends without it.
      child.unref()
    })
  }
}
