/**
 * The archiver writes with the role and into the bucket of the template, and into no other. In moto, which enforces
 * policies but not their conditions, no bucket policy and no policy of a key; those are read in `rights.ts`.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { synthesize } from '../../../deploy/aws/testing.ts'
import { ArchiveCatalog } from '../../../src/archive/catalog/catalog.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { checkArchive } from '../../../src/archive/verify/check.ts'
import { archiverOf, openArchiveFixture } from '../../support/data/archiving.ts'
import { pythonMissing } from '../../support/processes/python.ts'
import { createInMoto, type MotoStack, type RoleCredentials } from '../../support/servers/moto.ts'

const skip = (await pythonMissing()) ?? false
if (skip && process.env.CI) throw new Error(skip)

const DENIED = { name: 'AccessDenied' }

function clientOf({ endpoint }: MotoStack, keys: RoleCredentials): S3Client {
  const credentials = {
    accessKeyId: keys.AWS_ACCESS_KEY_ID,
    secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
    sessionToken: keys.AWS_SESSION_TOKEN,
  }
  return new S3Client({ endpoint, region: 'eu-central-1', forcePathStyle: true, credentials, maxAttempts: 1 })
}

describe('in moto', { skip }, () => {
  for (const [size, role] of [
    ['S', 'MachineTaskTaskRole'],
    ['M', 'ArchiveTaskTaskRole'],
  ] as const) {
    test(`size ${size}: the archiver archives, and is refused outside its prefix and to delete`, async t => {
      const stack = await createInMoto(t, synthesize({ size }).file)
      assert.equal(stack.status, 'CREATE_COMPLETE')
      const idOf = (start: string) => Object.entries(stack.resources).find(([name]) => name.startsWith(start))![1].id
      const keysOf = (start: string) => Object.entries(stack.credentials).find(([name]) => name.startsWith(start))![1]
      const bucket = idOf('DataBucket')
      const keys = keysOf(role)
      const before = { ...process.env }
      t.after(() => {
        for (const name of Object.keys(keys)) delete process.env[name]
        Object.assign(process.env, before)
      })
      Object.assign(process.env, keys)

      const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-aws-'))
      const fixture = await openArchiveFixture(directory)
      t.after(async () => {
        await fixture.close()
        fs.rmSync(directory, { recursive: true, force: true })
      })
      const options = new URLSearchParams({ region: 'eu-central-1', endpoint: stack.endpoint, pathStyle: 'true' })
      const open = (where: string) => openTarget(`s3://${where}?${options}`, path.join(directory, 'spool'))

      const target = await open(`${bucket}/market`)
      t.after(() => target.close())
      await archiverOf(fixture, target).archiver.round()
      const catalog = new ArchiveCatalog(fixture.store, target.address)
      const archived = await catalog.objects()
      assert.ok(archived.some(({ kind, rows }) => kind === 'trades' && rows > 0))
      const { findings } = await checkArchive({ target, objects: archived, progress: () => {} })
      assert.deepEqual(findings, [])

      for (const where of [`${bucket}/other`, bucket, 'another-bucket/market']) {
        const other = await open(where)
        t.after(() => other.close())
        await assert.rejects(archiverOf(fixture, other).archiver.round(), (error: { code: string }) => {
          t.diagnostic(`${where}: ${error.code}: ${(error as unknown as Error).message}`)
          assert.match(error.code, /refused|denied|unauthorized/)
          return true
        })
      }

      const client = clientOf(stack, keys)
      t.after(() => client.destroy())
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'market/' }))
      const written = new Set(Contents.map(({ Key }) => Key))
      // A segment without refused ticks has no object of them.
      const archivedKeys = archived.map(({ key }) => key).filter(Boolean)
      assert.ok(archivedKeys.length > 0)
      for (const key of archivedKeys) assert.ok(written.has(`market/${key}`), key)
      for (const Key of [Contents[0]!.Key!, 'market/new', 'other/new'])
        await assert.rejects(client.send(new DeleteObjectCommand({ Bucket: bucket, Key })), DENIED)
      await assert.rejects(client.send(new PutObjectCommand({ Bucket: bucket, Key: 'market2/x', Body: '' })), DENIED)
      await assert.rejects(client.send(new GetObjectCommand({ Bucket: bucket, Key: 'other/x' })), DENIED)

      if (size === 'S') return
      // The other stages have no right in the bucket at all.
      for (const other of ['Serve', 'Ingest', 'Record', 'Watch']) {
        const without = clientOf(stack, keysOf(`${other}TaskTaskRole`))
        t.after(() => without.destroy())
        const Key = Contents[0]!.Key!
        await assert.rejects(without.send(new GetObjectCommand({ Bucket: bucket, Key })), DENIED, other)
        await assert.rejects(without.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '' })), DENIED, other)
      }
    })
  }
})
