/** Finds the causes of gaps and runs the rollup of coverage now and then, in steps that leave the store to others. */
import { setTimeout as sleep } from 'node:timers/promises'
import { GapCauses } from './gap-causes/gap-causes.ts'
import { CoverageRollup, type RollupOptions } from './rollup.ts'

const EVERY_MS = 60_000
const FIRST_AFTER_MS = 10_000
/** Between steps of a day of hours: counting a year takes a few minutes, and delays nothing. */
const BETWEEN_STEPS_MS = 250

export interface UpkeepOptions extends Omit<RollupOptions, 'now'> {
  /** Whether it is this process that counts, of several that store one log. */
  isOurs: () => boolean
  failed: (error: Error) => void
}

export class CoverageUpkeep {
  readonly #options: UpkeepOptions
  readonly #rollup: CoverageRollup
  readonly #causes: GapCauses
  readonly #stop = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: UpkeepOptions) {
    this.#options = options
    this.#rollup = new CoverageRollup({ ...options, now: () => Math.floor(Date.now() / 1000) })
    this.#causes = new GapCauses({ store: options.store, nowMicros: () => Date.now() * 1000 })
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const { isOurs, failed } = this.#options
    const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {})
    await pause(FIRST_AFTER_MS)
    while (!signal.aborted) {
      let more = false
      // Causes first: the hours that are counted after them state them.
      for (const work of isOurs() ? [this.#causes, this.#rollup] : [])
        try {
          if (await work.step()) more = true
        } catch (error) {
          failed(error as Error)
        }
      await pause(more ? BETWEEN_STEPS_MS : EVERY_MS)
    }
  }
}
