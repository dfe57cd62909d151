/**
 * Every command of docs/reading-the-archive.md, tried on an archive: other people's tools read what is in the table.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { openTarget } from '../../src/archive/targets/open.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture } from '../support/data/archiving.ts'
import { pythonMissing, pythonWith } from '../support/processes/python.ts'

const PAGE = fs.readFileSync(new URL('../../docs/reading-the-archive.md', import.meta.url), 'utf8')
const missing = await pythonMissing()
const skip = missing !== undefined && process.env.CI !== 'true' ? missing : false
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-readers-'))
let fixture: ArchiveFixture
let expected: [string, number, number][]

/** The code of that language on the page, in order. */
function codeOf(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, code]) => code!)
}

before(async () => {
  fixture = await openArchiveFixture(directory)
  await archiverOf(fixture, await openTarget(`file:${directory}/data/archive`, 'unused')).archiver.round()
  const rows = await fixture.store.rows<{ symbol: string; count: number; high: number }>(
    "SELECT symbol, count() AS count, max(price) AS high FROM trades WHERE log_day = '2026-11-22' GROUP BY symbol ORDER BY symbol",
  )
  expected = rows.map(({ symbol, count, high }) => [symbol, Number(count), high])
  assert.ok(expected.length > 1)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

for (const [index, code] of codeOf('python').entries()) {
  const name = /^import (\w+)/.exec(code)![1]!
  test(`${name} reads the archive as the page describes`, { skip, timeout: 600_000 }, async () => {
    const { command, path: packages } = await pythonWith('duckdb', 'pandas', 'pyarrow', 'polars')
    const { stdout } = await promisify(execFile)(command, ['-c', codeOf('python')[index]!], {
      cwd: directory,
      env: { ...process.env, PYTHONPATH: packages },
    })
    const printed = stdout
      .trim()
      .split('\n')
      .map(line => line.split(' '))
    assert.deepEqual(
      printed.map(([symbol, count, high]) => [symbol, Number(count), Number(high)]),
      expected,
    )
  })
}

test('ClickHouse reads the archive as the page describes', async () => {
  const [statement] = codeOf('sql')
  const query = statement!.replace('data/archive', `${directory}/data/archive`)
  const { bytes } = await fixture.store.engine!.run({ query, format: 'JSONCompact' })
  const { data: rows } = JSON.parse(Buffer.from(bytes).toString()) as { data: [string, string, number][] }
  assert.deepEqual(
    rows.map(([symbol, count, high]) => [symbol, Number(count), high]),
    expected,
  )
})
