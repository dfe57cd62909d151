/**
 * Replaces child processes by those of the version now on disk. The next recorder starts beside the running one, which
 * stops only once the next one is shown to record the same ticks; else the next one is killed, and nothing has changed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from './child.ts'

/** How long a recorder may take to answer that it goes on recording. */
const ANSWER_MS_MAX = 5_000
/** How long a recorder that has handed over may take to stop. */
const STOP_MS_MAX = 20_000

/** There is no way back from here, and a large store takes long to open. */
const STORING_SECONDS_MAX = 180

/** `report` is called with what was done, as lines. */
type Report = (line: string) => void

const aliveOf = (child: Child): Promise<string> =>
  child.message(message => ('alive' in message ? message.alive : undefined))

/** Resolves with undefined after `ms`. */
async function within<T>(ms: number, ...promises: Promise<T>[]): Promise<T | undefined> {
  const late = new AbortController()
  const timer = sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)
  return await Promise.race([...promises, timer]).finally(() => late.abort())
}

/**
 * Waits until `next`, a recorder that starts beside `running`, records the same, and stops `running`. Resolves with why
 * nothing was replaced, if so: `running` has then recorded all the time, and `next` is gone.
 */
export async function replaceRecorder(
  running: Child,
  next: Child,
  seconds: number,
  report: Report,
): Promise<string | undefined> {
  const untilMs = performance.now() + seconds * 1000
  const leftMs = () => Math.max(0, untilMs - performance.now())
  const ended = next.ended.then(how => ({ failed: `it ended (${how})` }))
  // If the running one ends by itself now, the next one takes its place.
  running.release()
  const gone = running.ended.then(() => ({ handedOver: true }))
  const opened = await within<{ failed: string } | { version: string } | { handedOver: boolean }>(
    leftMs(),
    ended,
    gone,
    aliveOf(next).then(version => ({ version })),
  )
  if (opened && 'version' in opened) report(`the recorder of version ${opened.version} runs beside the running one`)
  let failed = opened && 'failed' in opened ? opened.failed : undefined
  if (!opened) failed = `it did not start within ${seconds} s`
  let handedOver = opened !== undefined && 'handedOver' in opened
  if (opened && 'version' in opened) {
    let missing = ''
    const off = running.onMessage(message => {
      if ('handover' in message) missing = message.handover
    })
    const answer = running.message(message => ('handedOver' in message ? message : undefined))
    running.send({ handOver: true })
    const outcome = await within<{ failed: string } | { handedOver: boolean }>(leftMs(), ended, gone, answer)
    handedOver = outcome !== undefined && 'handedOver' in outcome && outcome.handedOver
    if (!handedOver) {
      failed = outcome && 'failed' in outcome ? outcome.failed : `not shown within ${seconds} s: ${missing}`
      running.send({ stay: true })
      // It may have decided to stop at the same moment.
      handedOver = (await within(ANSWER_MS_MAX, answer, gone))?.handedOver ?? false
    } else if (missing !== '') report(missing)
    off()
  }
  if (!handedOver) {
    next.kill()
    running.keep()
    return failed
  }
  await within(STOP_MS_MAX, running.ended)
  running.kill()
  next.keep()
  return undefined
}

/** Stops `running` and starts the next one. Resolves with why that does not run yet, if so; it is then started again. */
export async function replaceStoring(running: Child, start: () => Child): Promise<string | undefined> {
  await running.stop()
  const next = start()
  const opened = await within<string | true>(
    STORING_SECONDS_MAX * 1000,
    next.ended,
    aliveOf(next).then(() => true as const),
  )
  next.keep()
  if (opened === true) return undefined
  return opened === undefined ? `it did not start within ${STORING_SECONDS_MAX} s` : `it ended (${opened})`
}
