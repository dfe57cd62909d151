import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Compares a file with `<file>.CHECKSUM` (`<sha256>  <name>`); `absent` where that is not there. */
export async function compareChecksum(file: string): Promise<'equal' | 'different' | 'absent'> {
  const text = await readFile(`${file}.CHECKSUM`, 'utf8').catch(() => undefined)
  if (text === undefined) return 'absent'
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return text.trim().split(/\s+/)[0]?.toLowerCase() === hash.digest('hex') ? 'equal' : 'different'
}
