/** Untrusted statements settle and leave nothing behind, however they end and whenever the engine is closed. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedConnection, openEngine } from '../../../src/store/embedded/engine.ts'
import { AbandonedQuery } from '../../../src/store/query-errors.ts'
import { UNTRUSTED_LIMITS } from '../../../src/store/sql.ts'
import { within } from '../../support/judges/within.ts'

const SETTLED_MS_MAX = 60_000
const CLOSED_MS_MAX = 60_000

const STATEMENTS: [ending: string, query: string, format: string][] = [
  ['an answer', 'SELECT 1', 'TSV'],
  ['a long answer', 'SELECT number FROM numbers(1000000)', 'TSV'],
  ['nothing', 'SELECT 1 WHERE 0', 'TSV'],
  ['no form', 'SELECT 1', 'Null'],
  ['no statement', 'SELEC 1', 'TSV'],
  ['an unknown name', 'SELECT nosuch', 'TSV'],
  ['an unknown form', 'SELECT 1', 'NoSuchFormat'],
  ['no value for a parameter', 'SELECT {a:Int8}', 'TSV'],
  ['a refusal', 'CREATE TABLE a (b Int8) ENGINE = Memory', 'TSV'],
  ['an error at the first row', 'SELECT throwIf(1)', 'JSON'],
  ['an error in the middle', 'SELECT throwIf(number = 100000) FROM numbers(200000)', 'TSV'],
  ['an answer without the pipe', 'EXPLAIN AST SELECT 1', 'TSVRaw'],
  ['no end', 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1', 'TSV'],
]
/** Before the pipe is there, before the statement is read, while it runs. */
const MOMENTS_MS = [0, 1, 5, 30, 150]

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-endings-'))
after(() => fs.rmSync(root, { recursive: true, force: true }))

/** Of this process: pipes that are read, its child processes' among them, and open files. */
const opened = () => ({
  pipes: process.getActiveResourcesInfo().filter(name => name === 'PipeWrap').length,
  files: fs.readdirSync('/dev/fd').length,
})
type Opened = ReturnType<typeof opened>

/** A handle is counted until the loop has turned. */
async function closedAgain(before: Partial<Opened>, what: string): Promise<void> {
  await within(CLOSED_MS_MAX, async () => {
    const now = opened()
    const more = Object.entries(before).filter(([kind, count]) => now[kind as keyof Opened] > count)
    return more.length === 0 ? undefined : `${what}: ${JSON.stringify(now)}, before ${JSON.stringify(before)}`
  })
}

/** A directory of its own each time: the engine takes it only when nothing has the one before open. */
const open = () =>
  openEngine(fs.mkdtempSync(path.join(root, 'store-')), {
    insertSessions: 1,
    querySessions: 1,
    waitingMax: 1,
    endMs: SETTLED_MS_MAX,
  })

/** Fails instead of waiting for ever. */
async function settled<T>(what: string, work: Promise<T>): Promise<T> {
  const never = new AbortController()
  const late = sleep(SETTLED_MS_MAX, undefined, { signal: never.signal }).then(() =>
    assert.fail(`never settled: ${what}`),
  )
  late.catch(() => {})
  return Promise.race([work, late]).finally(() => never.abort())
}

/** `answered`, or why not; resolves once the engine has ended it. */
async function ending(
  engine: EmbeddedConnection,
  query: string,
  format: string,
  signal?: AbortSignal,
): Promise<string> {
  try {
    await engine.runBounded({ query, format, settings: UNTRUSTED_LIMITS }, signal)
    return 'answered'
  } catch (error) {
    if (error instanceof AbandonedQuery) await error.ended
    return String((error as { code?: unknown }).code ?? (error as Error).message)
  }
}

test('a statement settles whenever its client leaves, and its pipe is closed', async t => {
  const engine = await open()
  t.after(() => engine.close())
  const { pipes } = opened()
  for (const [, query, format] of STATEMENTS)
    for (const afterMs of MOMENTS_MS) {
      const left = new AbortController()
      const timer = setTimeout(() => left.abort(new Error('the client left')), afterMs)
      await settled(`${query} as ${format}`, ending(engine, query, format, left.signal))
      clearTimeout(timer)
      await closedAgain({ pipes }, query)
    }
})

test('when the engine is closed, each has settled and nothing has the directory open', async t => {
  const { pipes } = opened()
  for (const afterMs of MOMENTS_MS) {
    const engine = await open()
    t.after(() => engine.close())
    const endings: string[] = []
    const asked = STATEMENTS.map(async ([, query, format]) => endings.push(await ending(engine, query, format)))
    if (afterMs > 0) await sleep(afterMs)
    await settled('close', engine.close())
    await sleep(0)
    assert.equal(endings.length, STATEMENTS.length, `closed after ${afterMs} ms: ${endings.join(', ')}`)
    await Promise.all(asked)
    if (afterMs === 0) assert.ok(!endings.includes('answered'), 'begun after the close')
    await closedAgain({ pipes }, `closed after ${afterMs} ms`)
  }
})

test('a statement that cannot begin leaves no pipe open', async t => {
  const engine = await open()
  t.after(() => engine.close())
  const run = (name: string) =>
    engine.runBounded({ query: 'SELECT 1', format: 'TSV', settings: UNTRUSTED_LIMITS, parameters: { [name]: '1' } })
  await run('a')
  const { pipes, files } = opened()
  for (let times = 0; times < 20; times++) await assert.rejects(run('a-b'), /not a name/)
  await run('a')
  // Each would leave two files open; the engine may have opened some of its own meanwhile.
  await closedAgain({ pipes, files: files + 10 }, 'refused 20 times')
})
