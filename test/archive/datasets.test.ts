/** Pinned datasets over a real engine: a pinned query answers alike after a repair, an amendment and the drop of a day. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import fastify, { type FastifyInstance } from 'fastify'
import { listPins, pinDataset, readPin, stateOf } from '../../src/archive/datasets/pins.ts'
import { logFilesOf } from '../../src/archive/seal/log-files.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../src/archive/targets/target.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { readPortfolioText } from '../../src/lab/portfolio/read.ts'
import { RowWriter } from '../../src/lab/results/row-writer.ts'
import { backtest } from '../../src/lab/run/backtest.ts'
import { readKey } from '../../src/proof/keys.ts'
import { leafText, parseLeaf } from '../../src/proof/leaf.ts'
import { parseVerifier, type Verifier } from '../../src/proof/note.ts'
import { TransparencyLog } from '../../src/proof/tlog.ts'
import type { RunQuery } from '../../src/replay/range.ts'
import { serveQuery } from '../../src/serve/sql/query-route.ts'
import { UntrustedQueries } from '../../src/serve/sql/untrusted-queries.ts'
import type { Selection } from '../../src/store/store.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { type ArchiveFixture, archiverOf, LATER_MS, openArchiveFixture } from '../support/data/archiving.ts'
import * as later from '../support/data/later-rows.ts'
import { reprocessIn } from '../support/data/reprocessing.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-datasets-'))
const CLI = path.join(import.meta.dirname, '../../src/cli.ts')
const DAY_MS = 86_400_000
const seal = { keyFile: `${directory}/key.pem`, idKinds: new Map([['binance', 'dense' as const]]) }
/** To the digit: every column of every row, and exact sums. */
const QUERIES = [
  'SELECT * FROM trades ORDER BY log_partition, log_offset, log_index',
  'SELECT * FROM all_trades ORDER BY log_partition, log_offset, log_index',
  'SELECT symbol, count(), sum(toDecimal256(toString(volume), 18)), hex(groupBitXor(cityHash64(*))) FROM all_trades GROUP BY symbol ORDER BY symbol',
  // Sums of doubles depend on the order in which rows are read.
  "SELECT * REPLACE (round(volume, 9) AS volume, round(buy_volume, 9) AS buy_volume) FROM candles(venue = 'binance', symbol = 'AAA', seconds = 3600)",
  'SELECT reason, count() FROM quarantine GROUP BY reason ORDER BY reason',
  'WITH t AS (SELECT trade_id FROM trades) SELECT count() FROM trades WHERE trade_id IN (SELECT trade_id FROM t)',
]
let fixture: ArchiveFixture
let target: ArchiveTarget
let read: (name: string) => Promise<Buffer | null>
let verifier: Verifier
let server: FastifyInstance
let listen: string

const archive = async (nowMs = LATER_MS, retention = {}) =>
  await archiverOf(fixture, target, {
    seal,
    nowMs,
    retention: { logHours: undefined, storeDays: undefined, ...retention },
  }).archiver.round()
const pin = (name: string) => pinDataset(target, read, verifier, name, Date.now())
/** Short answers as they are, long ones by their hash. */
async function answersTo(only?: Selection, queries = QUERIES): Promise<string[]> {
  const answers: string[] = []
  for (const sql of queries) {
    const bytes = await fixture.store.untrusted(sql, 'TSV', undefined, only)
    const text = Buffer.from(bytes).toString()
    answers.push(text.length < 500 ? text : createHash('sha256').update(text).digest('hex'))
  }
  return answers
}

async function selectionOf(name: string): Promise<Selection> {
  const { tables } = await stateOf(target, read, verifier, name)
  return Object.fromEntries(tables.map(({ table, positions }) => [table, positions]))
}

/** SHA-256 of the fills of a strategy that trades by turns, over these rows. */
async function fillsOver(only?: Selection): Promise<string> {
  const file = `${directory}/by-turns.ts`
  fs.writeFileSync(file, BY_TURNS)
  const portfolio = await readPortfolioText(
    `{ name: p, currency: X, clock: venue, strategies: [{ name: s, kind: ${file}, symbols: ["binance:AAA"], capital: 1e6 }] }`,
    file,
  )
  const runQuery: RunQuery = (query, format) => fixture.store.untrusted(query, format)
  const { recorded } = await backtest({
    ...{ run: 'r', portfolio, runQuery, signal: new AbortController().signal, onProgress: () => {} },
    writer: new RowWriter(async () => {}),
    readTicks: (query, format) => fixture.store.untrusted(query, format, undefined, only),
  })
  assert.ok(recorded[0]!.fills > 0)
  return recorded[0]!.fillsHash
}

const BY_TURNS = `export default { name: 'by-turns', description: '', parameters: {}, make: () => ({
  onTrade({ instrument }, context) {
    context.order({ instrument, direction: context.position(instrument) > 0 ? -1 : 1, quantity: 0.01 })
  },
}) }`

before(async () => {
  fixture = await openArchiveFixture(directory)
  target = await openTarget(`file:${directory}/archive`, 'unused')
  ;({ read } = logFilesOf(target))
  await archive()
  verifier = parseVerifier((await read('key'))!.toString())!
  await viewArchive(fixture.store, target)
  server = fastify()
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  serveQuery(server, new UntrustedQueries(fixture.events.emit), fixture.store.untrusted.bind(fixture.store))
  listen = (await server.listen({ host: '127.0.0.1', port: 0 })).replace('http://', '')
})
after(async () => {
  await server.close()
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('a pin answers alike after a repair and after its day left the store; without it the answer is the later one', async () => {
  const before = await answersTo()
  await pin('first')
  const first = await selectionOf('first')
  assert.deepEqual(await answersTo(first), before)
  const fills = await fillsOver(first)
  assert.equal(await fillsOver(), fills)
  await later.repairLater(fixture, 'AAA', [111, 112, 113, 114])
  const repaired = await answersTo()
  assert.notDeepEqual(repaired, before)
  assert.notEqual(await fillsOver(), fills)
  assert.equal(await fillsOver(first), fills, 'a run of the lab')
  assert.deepEqual(await answersTo(first), before)
  // An hour that is not closed yet is not sealed: neither is it in a new pin.
  await archive()
  await pin('second')
  const second = await selectionOf('second')
  assert.deepEqual(await answersTo(second), repaired)
  assert.deepEqual(await answersTo(first), before)
  const ids = async (only?: Selection) =>
    Buffer.from(
      await fixture.store.untrusted(
        "SELECT count() FROM trades WHERE symbol = 'AAA' AND trade_id BETWEEN 111 AND 114",
        'TSV',
        undefined,
        only,
      ),
    ).toString()
  assert.deepEqual([await ids(first), await ids(second), await ids()], ['0\n', '4\n', '4\n'])
  // Rows of days that were dropped are in the archive only.
  await archive(LATER_MS + 400 * DAY_MS, { storeDays: 1 })
  assert.equal((await answersTo())[0], '')
  const gone = await answersTo(first)
  assert.deepEqual([gone[1], gone[2]], [before[1], before[2]])
  assert.deepEqual((await answersTo(second)).slice(1, 3), repaired.slice(1, 3))
})

test('a pin states the rows and hashes of its objects, is never replaced, and is listed', async () => {
  const made = (await readPin(target, 'first'))!
  const [row] = await fixture.store.rows<{ rows: string }>(
    `SELECT toString(sum(rows)) AS rows FROM archive_ledger FINAL WHERE kind = 'trades' AND slice_end <= toDateTime('2026-11-24')`,
  )
  assert.equal(String(made.tables.find(({ table }) => table === 'trades')!.rows), row!.rows)
  await assert.rejects(pin('first'), { code: 'usage', message: /pinned already/ })
  await assert.rejects(pin('../x'), { code: 'usage', message: /not a name/ })
  assert.deepEqual(
    (await listPins(target)).map(({ name }) => name),
    ['first', 'second'],
  )
  await assert.rejects(stateOf(target, read, verifier, 'third'), { code: 'usage', message: /no pinned dataset third/ })
  await assert.rejects(stateOf(target, read, verifier, '999999'), { code: 'usage', message: /no checkpoint of 999999/ })
})

test('an archive with a key and no checkpoint has nothing sealed yet: that is no damage', async () => {
  await assert.rejects(
    pinDataset(target, async () => null, verifier, 'none', 0),
    { code: 'usage', message: /sealed yet/ },
  )
})

test('a number of entries is a checkpoint, too', async () => {
  const { checkpoint, tables } = await stateOf(target, read, verifier, 'first')
  assert.deepEqual((await stateOf(target, read, verifier, String(checkpoint.size))).tables, tables)
})

test('tables that keep no earlier rows are refused, not answered with the present', async () => {
  const first = await selectionOf('first')
  for (const sql of [
    'SELECT * FROM gaps',
    'SELECT * FROM gaps_final',
    'SELECT * FROM gap_causes',
    'SELECT count() FROM audits',
    'SELECT * FROM coverage_days',
    'SELECT 1 WHERE 1 IN (SELECT count() FROM requeues)',
  ])
    await assert.rejects(fixture.store.untrusted(sql, 'TSV', undefined, first), /does not keep its earlier rows/, sql)
})

test('the commands pin, show and query', async () => {
  const env = {
    ...process.env,
    TICKHOUSE_ARCHIVE: `file:${directory}/archive`,
    TICKHOUSE_LISTEN: listen,
    TICKHOUSE_SEAL_KEY: seal.keyFile,
  }
  const tickhouse = (...args: string[]) =>
    promisify(execFile)(process.execPath, [CLI, ...args], { env, cwd: directory }).then(
      ({ stdout }) => stdout,
      ({ stderr }: { stderr: string }) => stderr,
    )
  assert.match(await tickhouse('dataset', 'pin', 'third'), /^third: checkpoint \d+, pinned .*\n/)
  assert.match(await tickhouse('dataset', 'list'), /^first: .*\nsecond: .*\nthird: .*\n$/)
  assert.match(await tickhouse('dataset', 'show', 'first'), /^trades: 157 rows in 2 objects, hashes \d+ and \d+$/m)
  const sql = "SELECT count() FROM all_trades WHERE symbol = 'AAA' FORMAT TSV"
  assert.equal(await tickhouse('query', sql, '--as-of', 'first'), '116\n')
  assert.equal(await tickhouse('query', sql, '--as-of', 'second'), '120\n')
  assert.equal(await tickhouse('query', sql), '120\n')
  assert.match(await tickhouse('query', 'SELECT * FROM gaps', '--as-of', 'first'), /does not keep its earlier rows/)
  const range = ['binance', 'AAA', '2020-01-01', '2030-01-01']
  const certified = await tickhouse('certify', ...range, '--as-of', 'first', '--out', 'first.json')
  assert.match(certified, /^first\.json: degraded: 116 trades in 2 objects$/m)
  assert.match(
    await tickhouse('certify', ...range, '--out', 'now.json'),
    /^now\.json: proved: 120 trades in 3 objects$/m,
  )
  const key = (await read('key'))!.toString().trim()
  for (const file of ['first.json', 'now.json'])
    assert.match(await tickhouse('verify', file, `${directory}/archive`, '--key', key), /^ACCEPTED/)
  assert.match(await tickhouse('query', sql, '--as-of', 'none'), /no pinned dataset none/)
})

test('a pin that was edited, and one whose objects were archived again with other rows, are refused', async () => {
  const file = `${directory}/archive/datasets/first.json`
  const text = fs.readFileSync(file, 'utf8')
  fs.writeFileSync(file, text.replace(/"rows": (\d)/, '"rows": 9$1'))
  await assert.rejects(stateOf(target, read, verifier, 'first'), {
    code: 'archive_mismatch',
    message: /other rows than its checkpoint/,
  })
  fs.writeFileSync(file, text.replace(/\\n— /, '\\n— x'))
  await assert.rejects(stateOf(target, read, verifier, 'first'), { code: 'archive_mismatch' })
  fs.writeFileSync(file, text)
  await stateOf(target, read, verifier, 'first')
  // Written again with other bytes, then with other rows.
  const copy = `${directory}/copy`
  fs.cpSync(`${directory}/archive`, copy, { recursive: true })
  const copied = await openTarget(`file:${copy}`, 'unused')
  const signer = { name: verifier.name, key: readKey(seal.keyFile) }
  const files = logFilesOf(copied)
  const log = await TransparencyLog.open({ files, signer, lastSigned: [] })
  const { value } = await log.entries().next()
  const leaf = parseLeaf(value!.entries[0]!.toString())!
  await log.append([leafText({ ...leaf, object: { ...leaf.object, sha256: '0'.repeat(64) } })])
  await stateOf(copied, files.read, verifier, 'first')
  await log.append([leafText({ ...leaf, object: { ...leaf.object, hashXor: '1' } })])
  await assert.rejects(stateOf(copied, files.read, verifier, 'first'), {
    code: 'archive_mismatch',
    message: /archived again since, with other rows/,
  })
})

test('in any order of repairs, amendments, acceptances and archiving, each pin gives the rows that were sealed then', async () => {
  // A gap of 11 to 30.
  await later.tradeLater(fixture, 'CCC', [...Array.from({ length: 10 }, (_, at) => 1 + at), 31])
  let sealed: string[] = []
  const pinned = new Map<string, string[]>()
  const steps: Record<string, (at: number) => Promise<unknown>> = {
    repair: at => later.tradeLater(fixture, 'CCC', [11 + at], ORIGIN.repair),
    correct: at => later.amendLater(fixture, 'CCC', 1, 999 + at),
    cancel: () => later.amendLater(fixture, 'CCC', 2, null),
    accept: at => later.acceptLater(fixture, 'CCC', 25, 26 + at),
    archive: async at => {
      await archive(LATER_MS + (401 + at) * DAY_MS)
      sealed = await answersTo(undefined, later.LATER_QUERIES)
    },
    pin: async at => {
      await pin(`order-${at}`)
      pinned.set(`order-${at}`, sealed)
    },
  }
  const [order] = fc.sample(fc.shuffledSubarray(Object.keys(steps), { minLength: 6 }), 1)
  for (const [at, name] of ['archive', 'pin', ...order!].entries()) await steps[name]!(at)
  for (const [name, rows] of pinned)
    assert.deepEqual(await answersTo(await selectionOf(name), later.LATER_QUERIES), rows, `${name} of ${order}`)
  for (const [at, answer] of (await answersTo(undefined, later.LATER_QUERIES)).entries())
    assert.notEqual(answer, pinned.get('order-1')![at], `${at} of ${order}`)
})

test('a pin with an hour whose ticks were all refused is refused itself once they have left quarantine', async () => {
  await later.refuseLater(fixture, 'AAA', [1, 2, 3])
  await archive(LATER_MS + 500 * DAY_MS)
  await pin('refused')
  await selectionOf('refused')
  const [report] = await reprocessIn(fixture.log, fixture.store, { EXTRA_VENUES: 'acme' }, [{ venue: 'acme' }])
  assert.equal(report!.moved, 3)
  await archive(LATER_MS + 501 * DAY_MS)
  await assert.rejects(selectionOf('refused'), { code: 'archive_mismatch', message: /archived again since/ })
  await pin('moved')
  await selectionOf('moved')
})
