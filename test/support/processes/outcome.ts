/** A command run to its end, whatever its exit code. */
import { type ExecFileOptions, execFile } from 'node:child_process'
import { promisify } from 'node:util'

const OUTPUT_BYTES_MAX = 64 * 2 ** 20

export interface Outcome {
  code: number
  /** Standard output and error. */
  text: string
  stdout: string
}

/** Rejects only if it cannot start, or does not end by itself in the time of `options`. */
export async function outcomeOf(
  command: string,
  words: readonly string[],
  options: ExecFileOptions = {},
): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...words], {
      maxBuffer: OUTPUT_BYTES_MAX,
      ...options,
      encoding: 'utf8',
    })
    return { code: 0, text: stdout + stderr, stdout }
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
      killed,
    } = error as Partial<Record<keyof Outcome | 'stderr', string>> & {
      code?: unknown
      killed?: boolean
    }
    if (killed || typeof code !== 'number') throw error
    return { code, text: stdout + stderr, stdout }
  }
}
