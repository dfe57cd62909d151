import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedConnection, openEngine } from '../../../src/store/embedded/engine.ts'
import { AbandonedQuery } from '../../../src/store/query-errors.ts'
import { UNTRUSTED_LIMITS } from '../../../src/store/sql.ts'

const GRACE_MS = 2_000
/** Neither looks at a limit on its way, but for the first between blocks. */
const LONG = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
const UNENDING = 'SELECT arrayLevenshteinDistance(range(n), range(n)) FROM (SELECT number + 60000 AS n FROM numbers(1))'

let directory: string
let engine: EmbeddedConnection
before(async () => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-bounded-'))
  engine = await openEngine(directory, { insertSessions: 1, querySessions: 1, waitingMax: 1, graceMs: GRACE_MS })
})
after(async () => {
  await engine.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const limits = (settings: Record<string, string | number> = {}) => ({ ...UNTRUSTED_LIMITS, ...settings })

async function read(query: string, format = 'TSV', settings = limits()): Promise<string> {
  return Buffer.from((await engine.runBounded({ query, format, settings })).bytes).toString()
}

async function givenUp(work: Promise<unknown>): Promise<AbandonedQuery> {
  const error = await work.then(
    () => assert.fail('answered'),
    error => error,
  )
  assert.ok(error instanceof AbandonedQuery, String(error))
  return error
}

async function running(query: string): Promise<number> {
  const { bytes } = await engine.run({
    query: `SELECT count() FROM system.processes WHERE query LIKE '${query.slice(0, 30)}%'`,
    format: 'TSV',
  })
  return Number(Buffer.from(bytes).toString())
}

function residentBytes(): number {
  return process.memoryUsage().rss
}

test('an answer that comes in pieces is the one that comes whole, in every form', async () => {
  const query = "SELECT number, toString(number) AS text, [number, 1] AS list, 'a\\tb' AS tab FROM numbers(20000)"
  const { bytes } = await engine.run({
    query: "SELECT name FROM system.formats WHERE is_output AND name NOT LIKE '%Progress' ORDER BY name",
    format: 'TSV',
  })
  const formats = Buffer.from(bytes).toString().trim().split('\n')
  assert.ok(formats.length > 60)
  let same = 0
  for (const format of formats) {
    const settings = limits({ output_format_write_statistics: 0 })
    const take = async (run: 'run' | 'runBounded') =>
      engine[run]({ query, format, settings }).then(
        answer => Buffer.from(answer.bytes).toString('latin1'),
        error => `${error.code}`,
      )
    const [whole, pieces] = [await take('run'), await take('runBounded')]
    // Some carry a mark made by chance: those are as long.
    if (whole === pieces) same++
    else assert.equal(pieces.length, whole.length, format)
  }
  assert.ok(same > formats.length - 6, `${same} of ${formats.length}`)
})

for (const [query, format, expected] of [
  ['SHOW DATABASES', 'TSV', /system/],
  ['DESCRIBE system.one', 'TSV', /dummy\tUInt8/],
  ['EXISTS TABLE system.one', 'TSV', /^1\n$/],
  ['SELECT 1 UNION ALL SELECT 1', 'TSV', /^1\n1\n$/],
  ['(SELECT 1) INTERSECT (SELECT 1)', 'TSV', /^1\n$/],
  ['SELECT 1 AS a FORMAT JSONEachRow', 'TSV', /^{"a":1}\n$/],
  ['SELECT 1 -- a note', 'TSV', /^1\n$/],
  ['EXPLAIN AST SELECT 1', 'TSV', /^SelectWithUnionQuery(?![\s\S]*answer-)/],
  ['EXPLAIN SELECT 1', 'TSV', /ReadFromSystemOne/],
  ['SELECT 1 WHERE 0', 'TSV', /^$/],
] as const)
  test(`${query} is answered`, async () => assert.match(await read(query, format), expected))

test('an error of the engine is that error, also in the middle of an answer', async () => {
  await assert.rejects(read('SELECT nosuch'), { code: '47' })
  await assert.rejects(read('SELECT throwIf(number = 100000) FROM numbers(200000)'), { code: '395' })
  await assert.rejects(read('SELECT 1', "TSV' INTO OUTFILE '/tmp/x"), { code: '73' })
  await assert.rejects(read('SELECT 1', 'NoSuchFormat'), { code: '73' })
  await assert.rejects(read('CREATE TABLE a (b Int8) ENGINE = Memory'), { code: '164' })
})

test('one that leaves takes the statement with it, in the engine too', async () => {
  const left = new AbortController()
  const asked = engine.runBounded({ query: LONG, format: 'TSV', settings: limits() }, left.signal)
  while ((await running(LONG)) === 0) await sleep(20)
  left.abort(new Error('the client left'))
  const error = await givenUp(asked)
  assert.equal(error.code, '394')
  await error.ended
  while ((await running(LONG)) > 0) await sleep(20)
})

test('one that has left before the statement began is waited for no longer either', async () => {
  const left = new AbortController()
  const asked = engine.runBounded({ query: LONG, format: 'TSV', settings: limits() }, left.signal)
  left.abort(new Error('the client left'))
  await (await givenUp(asked)).ended
  while ((await running(LONG)) > 0) await sleep(20)
})

test('an answer too long is abandoned as it arrives, and its bytes are never joined', async () => {
  const query = "SELECT repeat('x', 1000000) FROM numbers(400)"
  assert.equal((await givenUp(read(query, 'RawBLOB'))).code, '396')
  const rows = 'SELECT number, number, number FROM numbers(100000000)'
  await assert.rejects(read(rows), { code: '396' })
})

test('two concurrent answers of 800 MB take no gigabytes', async () => {
  const before = residentBytes()
  let most = before
  const watching = setInterval(() => {
    most = Math.max(most, residentBytes())
  }, 5)
  const query = "SELECT repeat('x', 1000000) FROM numbers(800)"
  const asked = await Promise.allSettled([read(query, 'RawBLOB'), read(query, 'RawBLOB')])
  clearInterval(watching)
  for (const { status } of asked) assert.equal(status, 'rejected')
  assert.ok(most - before < 2 ** 30, `${(most - before) / 2 ** 20} MiB`)
})

test('a statement that does not check its limit is abandoned after its time limit', async () => {
  const error = await givenUp(read(UNENDING, 'TSV', limits({ max_execution_time: 1 })))
  assert.equal(error.code, '159')
  assert.ok(error.overran)
  assert.equal(engine.overrun, 1)
  assert.equal(await read('SELECT 1'), '1\n')
  await assert.rejects(engine.failed, { code: 'engine_stuck' })
  await error.ended
  assert.equal(engine.overrun, 0)
})
