/** A copy of the program, as an installation that an upgrade replaces. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Owner } from './tickhouse.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export class InstalledProgram {
  readonly #directory: string

  constructor(t: Owner) {
    this.#directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-installed-'))
    t.after(() => fs.rmSync(this.#directory, { recursive: true, force: true }))
    for (const name of ['src', 'package.json']) fs.cpSync(path.join(ROOT, name), this.#path(name), { recursive: true })
    for (const name of ['node_modules', 'web']) fs.symlinkSync(path.join(ROOT, name), this.#path(name))
  }

  get cli(): string {
    return this.#path('src/cli.ts')
  }

  /** Installs another version: replaces a text of a file. */
  change(file: string, before: string, after: string): void {
    const text = fs.readFileSync(this.#path(file), 'utf8')
    if (!text.includes(before)) throw new Error(`${file} does not contain ${before}`)
    fs.writeFileSync(this.#path(file), text.replace(before, after))
  }

  /** Installs the version of this repository again. */
  restore(file: string): void {
    fs.copyFileSync(path.join(ROOT, file), this.#path(file))
  }

  #path(name: string): string {
    return path.join(this.#directory, name)
  }
}
