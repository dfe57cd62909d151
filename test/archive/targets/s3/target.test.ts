/**
 * The archive in a bucket, on S3-compatible servers. A server that cannot be started is skipped with the reason, but
 * never in CI.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { dailyKey, manifestKey, objectKey } from '../../../../src/archive/keys.ts'
import { restore } from '../../../../src/archive/restore/restore.ts'
import { openTarget } from '../../../../src/archive/targets/open.ts'
import { sha256Of } from '../../../../src/archive/targets/sha256.ts'
import { spoolFile } from '../../../../src/archive/targets/spool.ts'
import type { ArchiveTarget } from '../../../../src/archive/targets/target.ts'
import { checkArchive } from '../../../../src/archive/verify/check.ts'
import { filesOf } from '../../../../src/store/embedded/files.ts'
import { archiveTargetContract } from '../../../contracts/archive-target.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture, rowsOf } from '../../../support/data/archiving.ts'
import { BUCKET, S3_PROXY, type S3Server, VERSITY } from '../../../support/servers/s3.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-s3-test-'))
let fixture: ArchiveFixture

before(async () => {
  fixture = await openArchiveFixture(directory)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

for (const kind of [S3_PROXY, VERSITY]) {
  const missing = await kind.missing()
  if (missing && process.env.CI) throw new Error(`${kind.name}: ${missing}`)

  describe(kind.name, { skip: missing }, () => {
    let server: S3Server
    let client: S3Client
    const opened: ArchiveTarget[] = []
    // An archive is identified by its address, whichever server is behind it.
    const label = kind.name.split(' ')[0]!

    before(async () => {
      server = await kind.start()
      client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true })
    })
    after(async () => {
      for (const target of opened) await target.close()
      client.destroy()
      await server.stop()
    })

    const open = async (prefix: string, more: Record<string, string> = {}): Promise<ArchiveTarget> => {
      const options = new URLSearchParams({
        endpoint: server.endpoint,
        region: 'us-east-1',
        pathStyle: 'true',
        ...more,
      })
      const target = await openTarget(
        `s3://${BUCKET}/${label}/${prefix}?${options}`,
        `${directory}/spool-${label}-${prefix}`,
      )
      opened.push(target)
      return target
    }

    archiveTargetContract(name => open(`contract-${name}`))

    test('credentials corrected in their file apply to the next attempt', async t => {
      const file = path.join(directory, 'credentials')
      const keys = { id: process.env.AWS_ACCESS_KEY_ID, secret: process.env.AWS_SECRET_ACCESS_KEY }
      const write = (secret: string) =>
        fs.writeFileSync(file, `[default]\naws_access_key_id=${keys.id}\naws_secret_access_key=${secret}\n`)
      t.after(() => {
        Object.assign(process.env, { AWS_ACCESS_KEY_ID: keys.id, AWS_SECRET_ACCESS_KEY: keys.secret })
        delete process.env.AWS_SHARED_CREDENTIALS_FILE
      })
      delete process.env.AWS_ACCESS_KEY_ID
      delete process.env.AWS_SECRET_ACCESS_KEY
      process.env.AWS_SHARED_CREDENTIALS_FILE = file
      write('wrong')
      const target = await open('credentials')
      await assert.rejects(keysOf(target), { code: 'archive_refused' })
      await assert.rejects(target.create('one', 'text'), { code: 'archive_refused' })
      write(keys.secret!)
      await target.create('one', 'text')
      assert.deepEqual(await keysOf(target), [{ key: 'one', bytes: 4 }])
    })

    test('everything is archived, read back and in the catalog; a deep check finds nothing, tampering is found', async () => {
      const target = await open('market')
      const { archiver, catalog } = archiverOf(fixture, target)
      await archiver.round()
      const objects = await catalog.objects()
      const rows = objects.filter(({ kind }) => kind === 'trades').reduce((sum, object) => sum + object.rows, 0)
      assert.equal(rows, (await fixture.store.size()).kinds.trades.ticks)
      const check = async () => {
        const deep = { source: fixture.store, files: filesOf(fixture.store) }
        return (await checkArchive({ target, objects, deep, progress: () => {} })).findings
      }
      assert.deepEqual(await check(), [])
      assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')

      const [first, second] = objects.filter(({ kind }) => kind === 'trades').map(({ key }) => key)
      const put = (key: string, Body: string) =>
        client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${label}/market/${key}`, Body }))
      await put(first!, 'not Parquet')
      await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: `${label}/market/${second!}` }))
      await put('trades/foreign.parquet', 'foreign')
      assert.deepEqual((await check()).map(({ key, fault }) => `${fault} ${key}`).sort(), [
        'foreign trades/foreign.parquet',
        `missing ${second}`,
        `truncated ${first}`,
      ])
    })

    test('dropped rows are read from the bucket, row for row', async () => {
      const target = await open('restored')
      const { archiver, catalog } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 1 } })
      const whole = await rowsOf(fixture.store, 'trades')
      await archiver.round()
      const left = await rowsOf(fixture.store, 'trades')
      assert.deepEqual(await rowsOf(fixture.store, 'all_trades'), whole, 'the view has them all the same')
      const asked = await fixture.store.untrusted("SELECT count() FROM all_trades WHERE symbol = 'AAA'", 'TSV')
      assert.equal(Number(new TextDecoder().decode(asked)), whole.filter(row => row.includes("'AAA'")).length)
      assert.ok(left.length < whole.length, 'days have left the table')
      const { inserted } = await restore({ store: fixture.store, target, catalog }, {})
      assert.ok(inserted >= whole.length - left.length)
      assert.deepEqual(await rowsOf(fixture.store, 'trades'), whole)
      assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')
    })

    test('encryption, storage class and checksum are sent with uploads', async () => {
      const headers = await headersOf(server.endpoint, async endpoint => {
        const target = await open('options', {
          endpoint,
          sse: 'aws:kms',
          kmsKeyId: 'alias/market',
          storageClass: 'STANDARD_IA',
          checksum: 'SHA256',
        })
        const file = spoolFile(target.spool)
        fs.writeFileSync(file, 'a small object')
        // Whether the server knows the key is its own business.
        await target.put(file, 'small').catch(() => {})
      })
      assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms')
      assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], 'alias/market')
      assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA')
      assert.equal(headers['x-amz-sdk-checksum-algorithm'], 'SHA256')
    })

    test('an object of several parts is read back byte for byte, and a missing one is null', async () => {
      const target = await open('parts')
      const file = spoolFile(target.spool)
      fs.writeFileSync(file, randomBytes(17 * 2 ** 20))
      const sent = await sha256Of(fs.createReadStream(file))
      await target.put(file, 'large')
      const fetched = await target.fetch('large')
      assert.deepEqual({ bytes: fetched!.bytes, sha256: fetched!.sha256 }, sent)
      await fetched!.release()
      assert.equal(await target.fetch('none'), null)
      const listed = await keysOf(target)
      assert.deepEqual(listed, [{ key: 'large', bytes: sent.bytes }])
    })

    test('leftovers of an earlier process are removed: spooled files, and incomplete uploads of hours ago under our keys', async () => {
      const target = await open('left')
      fs.writeFileSync(path.join(target.spool, `${spoolFile('').replace(/-\d+-/, `-${await endedPid()}-`)}`), 'left')
      fs.writeFileSync(path.join(target.spool, 'not ours'), 'stays')
      const running = spoolFile('').replace(/-\d+-/, `-${process.ppid}-`)
      fs.writeFileSync(path.join(target.spool, running), 'stays')
      const segment = { partition: 0, firstOffset: 0, lastOffset: 9, startMs: Date.UTC(2026, 10, 22, 13), endMs: 0 }
      const own = [objectKey('trades', segment), manifestKey(segment), dailyKey('gaps', segment.startMs)]
      const others = [
        'database.dump',
        'staging/tool.bin',
        `copy/${own[0]}`,
        own[0]!.replace('p000', 'p0000'),
        own[0]!.replace('trades', 'candles'),
        own[0]!.replace('.parquet', '.parquet.bak'),
      ]
      for (const key of [...own, ...others])
        await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: `${label}/left/${key}` }))
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: `${label}/leftover/${own[0]}` }))
      const uploads = async (prefix: string) => {
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: prefix }))
        return Uploads.map(({ Key }) => Key!.slice(`${label}/left/`.length)).sort()
      }
      assert.equal(await target.cleanUp(Date.now() - 3_600_000), 0, 'later uploads continue')
      assert.equal((await uploads(`${label}/left/`)).length, own.length + others.length)
      assert.equal(await target.cleanUp(Date.now() + 3_600_000), own.length)
      assert.deepEqual(fs.readdirSync(target.spool).sort(), [running, 'not ours'].sort())
      assert.deepEqual(await uploads(`${label}/left/`), others.sort())
      assert.equal((await uploads(`${label}/leftover/`)).length, 1, 'a neighbour whose prefix begins alike')
    })

    test('a wrong secret and a missing bucket are reported with advice', async () => {
      const options = new URLSearchParams({ endpoint: server.endpoint, region: 'us-east-1', pathStyle: 'true' })
      const absent = await openTarget(`s3://absent-bucket?${options}`, `${directory}/spool-absent`)
      opened.push(absent)
      await assert.rejects(keysOf(absent), { code: 'archive_refused' })
      const secret = process.env.AWS_SECRET_ACCESS_KEY
      process.env.AWS_SECRET_ACCESS_KEY = 'wrong'
      try {
        const target = await open('refused')
        await assert.rejects(keysOf(target), { code: 'archive_refused' })
      } finally {
        process.env.AWS_SECRET_ACCESS_KEY = secret
      }
    })
  })
}

/** The headers of the first object that is sent through a proxy before the server while the work is done. */
async function headersOf(
  endpoint: string,
  work: (endpoint: string) => Promise<void>,
): Promise<http.IncomingHttpHeaders> {
  let seen: http.IncomingHttpHeaders = {}
  const proxy = http.createServer((request, response) => {
    if (request.method === 'PUT') seen = request.headers
    // Forwarded unchanged, the signature is valid: it covers the proxy's host name, which is forwarded too.
    const { hostname, port } = new URL(endpoint)
    const { method, url, headers } = request
    const forwarded = http.request({ hostname, port, method, path: url, headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    request.pipe(forwarded)
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  try {
    await work(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`)
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
  return seen
}

/** The number of a process that has ended. */
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'exit')
  return child.pid!
}

async function keysOf(target: ArchiveTarget): Promise<{ key: string; bytes: number }[]> {
  const listed: { key: string; bytes: number }[] = []
  for await (const object of target.list()) listed.push(object)
  return listed
}
