/** Ways to damage an archive, each with the finding that its check must report. */
import fs from 'node:fs'
import path from 'node:path'
import type { Fault } from '../../../src/archive/verify/check.ts'

export interface Tampering {
  name: string
  fault: Fault
  /** Damages the archive in a directory, given some of its objects; returns the keys that must be reported. */
  tamper(directory: string, keys: readonly string[]): string[]
}

export const tamperings: readonly Tampering[] = [
  {
    name: 'a flipped bit',
    fault: 'changed',
    tamper: (directory, [key]) => {
      const file = path.join(directory, key!)
      const bytes = fs.readFileSync(file)
      bytes[bytes.length >> 1]! ^= 1
      fs.writeFileSync(file, bytes)
      return [key!]
    },
  },
  {
    name: 'a cut object',
    fault: 'truncated',
    tamper: (directory, [key]) => {
      const file = path.join(directory, key!)
      fs.truncateSync(file, fs.statSync(file).size - 1)
      return [key!]
    },
  },
  {
    name: 'a deleted object',
    fault: 'missing',
    tamper: (directory, [key]) => {
      fs.rmSync(path.join(directory, key!))
      return [key!]
    },
  },
  {
    name: 'two swapped objects',
    fault: 'swapped',
    tamper: (directory, [first, second]) => {
      const [one, other] = [path.join(directory, first!), path.join(directory, second!)]
      fs.renameSync(one, `${one}.aside`)
      fs.renameSync(other, one)
      fs.renameSync(`${one}.aside`, other)
      return [first!, second!]
    },
  },
  {
    name: 'a foreign object',
    fault: 'foreign',
    tamper: (directory, [key]) => {
      const foreign = key!.replace(/[^/]+$/, 'foreign.parquet')
      fs.copyFileSync(path.join(directory, key!), path.join(directory, foreign))
      return [foreign]
    },
  },
]
