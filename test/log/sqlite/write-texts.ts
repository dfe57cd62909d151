import type { OpenLog } from '../../../src/log/log.ts'

/** Appends records `<name> <number>` to both partitions until the signal aborts, and returns how many. */
export async function writeTexts(log: OpenLog, name: string, signal: AbortSignal): Promise<number> {
  let number = 0
  const writeOn = async (): Promise<void> => {
    while (!signal.aborted) {
      const text = `${name} ${number}`
      const record = { kind: 'trades', format: 'json', version: 1, ticks: 1, payload: Buffer.from(text) }
      await log.append(number++ % 2, [record])
    }
  }
  await Promise.all([writeOn(), writeOn(), writeOn()])
  return number
}
