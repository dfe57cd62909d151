/** The watcher's small JSON files. Each is replaced as a whole: a killed writer leaves the previous one. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../disk.ts'

/** The content of a file; undefined if it does not exist. Throws SyntaxError if it is not JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await fs.promises.readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Creates the directory too. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  makeDataDirectory(path.dirname(file))
  const beside = `${file}.${process.pid}`
  await fs.promises.writeFile(beside, JSON.stringify(value))
  await fs.promises.rename(beside, file)
}
