import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { compareChecksum } from '../../src/reconcile/checksum.ts'
import { writeWithChecksum } from '../support/data/zip-file.ts'

test('a file is compared with the checksum beside it', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-checksum-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  const file = path.join(directory, 'BTCUSDT-trades-2026-11-25.zip')
  fs.writeFileSync(file, 'bytes')
  assert.equal(await compareChecksum(file), 'absent')
  writeWithChecksum(file, Buffer.from('bytes'))
  assert.equal(await compareChecksum(file), 'equal')
  fs.writeFileSync(`${file}.CHECKSUM`, fs.readFileSync(`${file}.CHECKSUM`, 'utf8').toUpperCase())
  assert.equal(await compareChecksum(file), 'equal')
  fs.appendFileSync(file, '.')
  assert.equal(await compareChecksum(file), 'different')
  fs.writeFileSync(`${file}.CHECKSUM`, '')
  assert.equal(await compareChecksum(file), 'different')
})
