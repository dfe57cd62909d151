/**
 * Calls each allowed function with hostile arguments in a child process: none may end the engine, or take more time for
 * one row than the engine's interval of checking its limits. TICKHOUSE_HOSTILE=full tries every shape of argument.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { listedFunctions } from '../../../src/serve/sql/guard-lists.ts'
import { hostileCalls } from './hostile-calls.ts'
import type { Found } from './hostile-child.ts'

const CHILD = fileURLToPath(new URL('./hostile-child.ts', import.meta.url))
const FULL = process.env.TICKHOUSE_HOSTILE === 'full'
const CHILDREN = 2
/** Of one child until its one finding, on a machine that has much else to do. */
const SILENT_MS_MAX = FULL ? 3_600_000 : 540_000

/** The calls of a list that a child did not survive, or not in time. */
async function tryAll(calls: readonly string[]): Promise<{ call: string; found: string }[]> {
  const found: { call: string; found: string }[] = []
  for (let rest = [...calls]; rest.length > 0; ) {
    const result = await tryUntilFound(rest)
    if (result.found === null) break
    const call = rest[result.at]!
    found.push({ call, found: result.found })
    // The others of that function would be found too.
    rest = rest.slice(result.at + 1).filter(other => nameOf(other) !== nameOf(call))
  }
  return found
}

async function tryUntilFound(calls: readonly string[]): Promise<Found> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-hostile-'))
  const child = fork(CHILD, [directory], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const silent = setTimeout(() => child.kill('SIGKILL'), SILENT_MS_MAX)
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (said: Found | 'ready') => {
        if (said === 'ready') child.send(calls)
        else resolve(said)
      })
      child.once('exit', (code, signal) => reject(new Error(`a child ended by ${signal ?? code} without a word`)))
    })
  } finally {
    clearTimeout(silent)
    child.removeAllListeners('exit')
    child.kill('SIGKILL')
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

const nameOf = (call: string) => call.slice(0, call.indexOf('('))

async function unboundedOf(names: readonly string[]): Promise<Map<string, string>> {
  const parts = Array.from({ length: CHILDREN }, (_, part) => names.filter((_, index) => index % CHILDREN === part))
  const found = await Promise.all(parts.map(part => tryAll(part.flatMap(name => hostileCalls(name, FULL)))))
  return new Map(found.flat().map(({ call, found }) => [nameOf(call), `${found}: ${call}`]))
}

function named(section: RegExp): string[] {
  return [...listedFunctions()].flatMap(([name, names]) => (section.test(name) ? names : []))
}

test('the trial finds those that are known to be unbounded', async () => {
  const known = named(/^refused unbounded$/)
  const found = await unboundedOf([
    'JSONMergePatch',
    'arraySimilarity',
    'arrayLevenshteinDistance',
    'arrayLevenshteinDistanceWeighted',
  ])
  for (const name of found.keys()) assert.ok(known.includes(name), name)
  assert.equal(found.size, 4, [...found.values()].join('\n'))
})

test('no allowed function ends the engine or exceeds its limits', async () => {
  const allowed = named(/^allowed (?!syntax|tables|combinators|aggregates)/)
  assert.ok(allowed.length > 1_000)
  const found = await unboundedOf(allowed)
  assert.deepEqual([...found.values()], [])
})
