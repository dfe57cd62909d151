/**
 * Fault 16: S3 breaks in every way a network and a server can. Nothing is called archived without a verified read-back.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import { checkArchive } from '../../src/archive/verify/check.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { archiverOf, openArchiveFixture, rowsOf } from '../support/data/archiving.ts'
import { BUCKET, S3_PROXY } from '../support/servers/s3.ts'
import { type S3Fault, S3FaultProxy } from '../support/servers/s3-faults.ts'

const FAULTS: [method: 'GET' | 'PUT', fault: S3Fault][] = [
  ['PUT', 'error'],
  ['PUT', 'lost'],
  ['GET', 'error'],
  ['GET', 'cut'],
  ['GET', 'flipped'],
]

const missing = await S3_PROXY.missing()
if (missing && process.env.CI) throw new Error(`${S3_PROXY.name}: ${missing}`)

test('an upload that S3 breaks does not count as archived, stays in the store, and is archived once S3 works', {
  skip: missing,
}, async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-s3-fault-'))
  const fixture = await openArchiveFixture(directory)
  const server = await S3_PROXY.start()
  const proxy = new S3FaultProxy(server.endpoint)
  const endpoint = await proxy.listen()
  t.after(async () => {
    await fixture.close()
    await proxy.close()
    await server.stop()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const rows = await rowsOf(fixture.store, 'trades')
  for (const [method, fault] of FAULTS) {
    const options = new URLSearchParams({ endpoint, region: 'us-east-1', pathStyle: 'true' })
    const address = `s3://${BUCKET}/${method}-${fault}?${options}`
    const target = await openTarget(address, `${directory}/spool-${method}-${fault}`)
    const { archiver, catalog } = archiverOf(fixture, target)
    proxy.plan = { method, fault }
    await assert.rejects(archiver.round(), ({ code }) =>
      /^archive_(unavailable|mismatch)$|^store_unavailable$/.test(code),
    )
    assert.ok(proxy.broken > 0)
    assert.deepEqual(await catalog.objects(), [], `${method} ${fault}: nothing is called archived`)
    assert.deepEqual(await rowsOf(fixture.store, 'trades'), rows)
    assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')

    proxy.plan = undefined
    await archiver.round()
    const objects = await catalog.objects()
    const deep = { source: fixture.store, files: filesOf(fixture.store) }
    assert.deepEqual((await checkArchive({ target, objects, deep, progress: () => {} })).findings, [])
    assert.equal(
      objects.filter(({ kind }) => kind === 'trades').reduce((sum, object) => sum + object.rows, 0),
      rows.length,
    )
    await target.close()
  }
})
