/** The archive in a bucket, on servers that others made. Where one cannot be started it is skipped, saying why, but never in CI. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
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
import { checkArchive } from '../../src/archive/check.ts'
import { sha256Of } from '../../src/archive/sha256.ts'
import { spoolFile } from '../../src/archive/spool.ts'
import { type ArchiveTarget, openTarget } from '../../src/archive/target.ts'
import { filesOf } from '../../src/store/files.ts'
import { type ArchivingHouse, archiverOf, openArchivingHouse } from '../support/archiving.ts'
import { BUCKET, S3_PROXY, type S3Server, VERSITY } from '../support/s3.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-s3-test-'))
let house: ArchivingHouse

before(async () => {
  house = await openArchivingHouse(directory)
})
after(async () => {
  await house.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

for (const kind of [S3_PROXY, VERSITY]) {
  const missing = await kind.missing()
  if (missing && kind.required && process.env.CI) throw new Error(`${kind.name}: ${missing}`)

  describe(kind.name, { skip: missing }, () => {
    let server: S3Server
    let client: S3Client
    const opened: ArchiveTarget[] = []

    before(async () => {
      server = await kind.start()
      client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true })
    })
    after(async () => {
      for (const target of opened) await target.close()
      client.destroy()
      await server.stop()
    })

    const open = async (prefix: string): Promise<ArchiveTarget> => {
      const options = new URLSearchParams({ endpoint: server.endpoint, region: 'us-east-1', pathStyle: 'true' })
      const target = await openTarget(`s3://${BUCKET}/${prefix}?${options}`, `${directory}/spool-${prefix}`)
      opened.push(target)
      return target
    }

    test('everything is archived, read back and in the ledger; a deep check finds nothing, tampering is named', async () => {
      const target = await open('market')
      const { archiver, ledger } = archiverOf(house, target)
      await archiver.round()
      const objects = await ledger.objects()
      const rows = objects.filter(({ kind }) => kind === 'trades').reduce((sum, object) => sum + object.rows, 0)
      assert.equal(rows, (await house.store.size()).trades)
      const check = async () => {
        const deep = { asked: house.store, files: filesOf(house.store) }
        return (await checkArchive({ target, objects, deep, progress: () => {} })).findings
      }
      assert.deepEqual(await check(), [])
      assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')

      const [first, second] = objects.filter(({ kind }) => kind === 'trades').map(({ key }) => key)
      const put = (key: string, Body: string) =>
        client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `market/${key}`, Body }))
      await put(first!, 'not Parquet')
      await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: `market/${second!}` }))
      await put('trades/foreign.parquet', 'foreign')
      assert.deepEqual((await check()).map(({ key, fault }) => `${fault} ${key}`).sort(), [
        'foreign trades/foreign.parquet',
        `missing ${second}`,
        `truncated ${first}`,
      ])
    })

    test('an object of several parts comes back byte for byte, and one that is not there is none', async () => {
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

    test('what an earlier process left is removed: spooled files and objects sent in part', async () => {
      const target = await open('left')
      fs.writeFileSync(spoolFile(target.spool), 'left')
      fs.writeFileSync(path.join(target.spool, 'not ours'), 'stays')
      await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'left/half' }))
      await target.tidy()
      assert.deepEqual(fs.readdirSync(target.spool), ['not ours'])
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'left/' }))
      assert.deepEqual(Uploads, [])
    })

    test('a wrong secret and a bucket that is not there are refused with what to do', async () => {
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

async function keysOf(target: ArchiveTarget): Promise<{ key: string; bytes: number }[]> {
  const listed: { key: string; bytes: number }[] = []
  for await (const object of target.list()) listed.push(object)
  return listed
}
