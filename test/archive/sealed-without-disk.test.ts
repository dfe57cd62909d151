/** An archiver of a cluster: its key is a secret, its store a server, its archive a bucket, and its disk is lost with it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ArchiveCatalog } from '../../src/archive/catalog/catalog.ts'
import { logFilesOf } from '../../src/archive/seal/log-files.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { newPrivateKey } from '../../src/proof/keys.ts'
import { openCheckpoint, parseVerifier } from '../../src/proof/note.ts'
import { CHECKPOINT, PUBLIC_KEY } from '../../src/proof/tlog.ts'
import { openStore } from '../../src/store/open.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { storeAll } from '../support/data/storing.ts'
import { type Settings, TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'
import { BUCKET, S3_PROXY, type S3Server } from '../support/servers/s3.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const RANGE = ['binance', 'AAA', '2026-01-01', '2027-12-31'] as const

const missing = await S3_PROXY.missing()
if (missing && process.env.CI) throw new Error(`${S3_PROXY.name}: ${missing}`)
const server = await openTestServer({ after })
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-without-disk-'))
const keyFile = `${directory}/secrets/seal-key`
const logDirectory = `${directory}/log`
let s3: S3Server

/** Settings of a cluster's archiver, whose archive is below a prefix of its own. */
function settingsFor(prefix: string, store: string): Settings {
  const options = new URLSearchParams({ endpoint: s3.endpoint, region: 'us-east-1', pathStyle: 'true' })
  return {
    ARCHIVE: `s3://${BUCKET}/${prefix}?${options}`,
    LOG: `sqlite:${logDirectory}`,
    STORE: store,
    METRICS_LISTEN: '127.0.0.1:0',
  }
}

/** A checkpoint of the log in the bucket, by the key in it. */
async function checkpointIn({ ARCHIVE }: Settings) {
  const { read } = logFilesOf(await openTarget(ARCHIVE!, `${directory}/spool`))
  const key = (await read(PUBLIC_KEY))!.toString().trim()
  const note = (await read(CHECKPOINT))!.toString()
  return { key, note, size: openCheckpoint(note, parseVerifier(key)!)!.size }
}

/** An archiver in a directory of its own until it has sealed all, or until `event`; the directory goes with it. */
async function archiver(settings: Settings, event?: 'seal_failed'): Promise<TestProcess> {
  const ends: (() => void | Promise<void>)[] = []
  const instance = new TestInstance({ after: end => void ends.push(end) }, settings)
  const process = instance.run('archive')
  try {
    if (event) await process.waitFor(event)
    else {
      await process.waitFor('seal_opened')
      const { url } = await process.waitFor('serving_figures')
      const unsealed = async () =>
        /^tickhouse_seal_waiting_objects(?:\{.*\})? (\d+)/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1]
      while ((await unsealed()) !== '0') await new Promise(resolve => setTimeout(resolve, 200))
    }
    assert.deepEqual(await process.end('SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(
      fs.readdirSync(`${instance.directory}/data`),
      ['archive-spool'],
      'no key and no checkpoint is on its disk',
    )
    return process
  } finally {
    for (const end of ends) await end()
  }
}

function tickhouse(settings: Settings, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const own = Object.entries(settings).map(([name, value]) => [`TICKHOUSE_${name}`, value])
  const env = { ...process.env, ...Object.fromEntries(own), TICKHOUSE_ARCHIVE_SPOOL: `${directory}/spool` }
  return new Promise(resolve =>
    execFile(process.execPath, [CLI, ...args], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  )
}

describe('an archiver without a disk', { skip: missing, timeout: 600_000 }, () => {
  let store: string
  before(async () => {
    s3 = await S3_PROXY.start()
    store = server.freshStore()
    fs.mkdirSync(path.dirname(keyFile))
    await makeMixedLog(logDirectory)
    const log = await openSqliteLog(logDirectory, 'write')
    const opened = await openStore(store)
    await storeAll(log, opened)
    await opened.close()
    await log.close()
  })
  after(async () => {
    await s3?.stop()
    fs.rmSync(directory, { recursive: true, force: true })
  })

  test('goes on with the same key and one log after its disk was lost, and everybody can verify it', async () => {
    const printed = await tickhouse({}, 'archive', 'new-key')
    fs.writeFileSync(keyFile, printed.stdout)
    const settings = settingsFor('market', store)
    const inFile = { ...settings, SEAL_PRIVATE_KEY_FILE: keyFile } as Settings
    const first = await archiver(inFile)
    const before = await checkpointIn(settings)
    assert.ok(before.size > 0)
    // A second time from the environment. An object is archived again in between, so that there is something to seal.
    const opened = await openStore(store)
    const catalog = new ArchiveCatalog(opened, (await openTarget(settings.ARCHIVE!, `${directory}/spool`)).address)
    const [object] = await catalog.objects("kind = 'trades'")
    await opened.command(
      `INSERT INTO trades SELECT * REPLACE (log_index + 1000 AS log_index, trade_id + 5000 AS trade_id) FROM trades
       WHERE log_offset = {offset:UInt64} LIMIT 1`,
      { offset: object!.lowestOffset },
    )
    await catalog.setState([object!], 'stale')
    await opened.close()
    const second = await archiver({ ...settings, SEAL_PRIVATE_KEY: fs.readFileSync(keyFile, 'utf8') })
    const later = await checkpointIn(settings)
    assert.equal(later.key, before.key)
    assert.ok(later.size > before.size)
    for (const process of [first, second]) {
      assert.deepEqual(process.logged('seal_failed'), [])
      assert.deepEqual(process.logged('last_checkpoint_unknown'), [])
      assert.ok(!(JSON.stringify(process.events) + process.output).includes(printed.stdout.trim()))
    }
    const verified = await tickhouse(settings, 'archive', 'verify')
    assert.match(verified.stdout, /the archive is intact/, verified.stderr)
    assert.equal((await tickhouse(settings, 'archive', 'key')).stdout.trim(), before.key)
    const certified = await tickhouse(inFile, 'certify', ...RANGE, '--out', 'aaa.json')
    assert.equal(certified.code, 0, certified.stderr)
    const accepted = await tickhouse({}, 'verify', 'aaa.json', settings.ARCHIVE!, '--key', before.key)
    assert.match(accepted.stdout, /^ACCEPTED /, accepted.stderr)
  })

  test('seals nothing with another key, and names both', async () => {
    const settings = settingsFor('market', store)
    const before = await checkpointIn(settings)
    const process = await archiver({ ...settings, SEAL_PRIVATE_KEY: newPrivateKey() }, 'seal_failed')
    const { why } = process.logged('seal_failed')[0]!
    assert.match(String(why), /made with another key/)
    assert.ok(String(why).includes(before.key))
    assert.deepEqual(await checkpointIn(settings), before)
    assert.deepEqual(process.logged('archive_failed'), [])
  })

  test('ends with the reason if the secret is no key', async t => {
    const instance = new TestInstance(t, {
      ...settingsFor('market', store),
      LOG_FORMAT: 'text',
      SEAL_PRIVATE_KEY: 'hunter2-hunter2',
    })
    const process = instance.run('archive')
    assert.deepEqual(await process.exited, { code: 2, signal: null })
    assert.match(process.output, /TICKHOUSE_SEAL_PRIVATE_KEY is not an Ed25519 private key: .*new-key/)
    assert.doesNotMatch(process.output, /hunter2/)
  })
})
