/** The watcher's small files: JSON, replaced whole, so that one that is killed leaves the one before. */
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../disk.ts'

/** What a file holds; undefined if there is none. Throws SyntaxError for one that is no JSON. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await fs.promises.readFile(file, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Makes its directory too. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  makeDataDirectory(path.dirname(file))
  const beside = `${file}.${process.pid}`
  await fs.promises.writeFile(beside, JSON.stringify(value))
  await fs.promises.rename(beside, file)
}
