/** Zip files as venues publish them, whole and damaged. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { FileFault, readZip } from '../../src/reconcile/zip.ts'
import { type ZipOptions, zipOf } from '../support/data/zip-file.ts'

const CSV = Array.from({ length: 5_000 }, (_, id) => `${id},61837.63,0.001,61.83,1723161255342,True,True\n`).join('')

function temporary(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-zip-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'day.zip')
}

async function unpack(file: string, bytes: Buffer): Promise<string> {
  fs.writeFileSync(file, bytes)
  const chunks: Buffer[] = []
  // Copies: a chunk's memory may be reused.
  for await (const chunk of readZip(file)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

const fault = (message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof FileFault, String(error))
  assert.match(error.message, message)
  return true
}

test('deflated and stored entries are read, empty ones too, and behind a comment', async t => {
  const file = temporary(t)
  for (const options of [{}, { method: 0 }, { comment: 'of a venue' }] satisfies ZipOptions[]) {
    assert.equal(await unpack(file, zipOf(CSV, options)), CSV)
    assert.equal(await unpack(file, zipOf('', options)), '')
  }
})

const PYTHON = `import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    with z.open('day.csv', 'w', force_zip64=True) as f: f.write(sys.stdin.buffer.read())`
const skip = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3'

test('a file written by another program with 64-bit sizes is read', { skip }, async t => {
  const file = temporary(t)
  assert.equal(spawnSync('python3', ['-c', PYTHON, file], { input: CSV }).status, 0)
  assert.equal(await unpack(file, fs.readFileSync(file)), CSV)
})

test('what the directory states must be true', async t => {
  const file = temporary(t)
  const refused = (options: ZipOptions, message: RegExp) =>
    assert.rejects(unpack(file, zipOf(CSV, options)), fault(message))
  await refused({ statedCrc: 1 }, /its CRC-32 differs/)
  await refused({ statedBytes: CSV.length + 1 }, /it has \d+ bytes, and its directory states \d+/)
  await refused({ statedBytes: CSV.length - 1 }, /it has more bytes than/)
  await refused({ method: 0, statedBytes: CSV.length + 1 }, /it has \d+ bytes, and its directory states/)
  await refused({ method: 12 }, /its compression method 12 is not supported/)
  await refused({ entries: 2 }, /it has 2 entries, not one/)
  await refused({ flags: 1 }, /it is encrypted/)
})

test('a zip bomb is not read beyond what its directory states', async t => {
  const file = temporary(t)
  fs.writeFileSync(file, zipOf(Buffer.alloc(64 << 20), { statedBytes: 1_000 }))
  assert.ok(fs.statSync(file).size < 1 << 20)
  let bytes = 0
  await assert.rejects(
    async () => {
      for await (const chunk of readZip(file)) bytes += chunk.length
    },
    fault(/more bytes than the 1000 of its directory/),
  )
  assert.equal(bytes, 0)
})

test('a file that is cut off anywhere is refused', async t => {
  const file = temporary(t)
  const whole = zipOf(CSV)
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async length => {
      await assert.rejects(unpack(file, whole.subarray(0, length)), fault(/./))
    }),
    { numRuns: 60, examples: [[0], [21], [22], [whole.length - 1]] },
  )
})

test('a file with any byte changed is refused, or its content is whole', async t => {
  const file = temporary(t)
  const whole = zipOf(CSV)
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= mask
      try {
        assert.equal(await unpack(file, damaged), CSV)
      } catch (error) {
        fault(/./)(error)
      }
    }),
    { numRuns: 200 },
  )
})
