import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openTarget } from '../src/archive/targets/open.ts'
import { openLog } from '../src/log/open.ts'
import { openStore } from '../src/store/open.ts'
import { writeJson } from '../src/watch/files.ts'

test('every directory made for data is open to its owner alone, and one that exists is left as it is', async t => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-data-'))
  t.after(() => fs.rmSync(root, { recursive: true, force: true }))
  const before = process.umask(0)
  t.after(() => process.umask(before))
  const place = (...names: string[]) => path.join(root, ...names)
  const modeOf = (directory: string) => (fs.statSync(directory).mode & 0o777).toString(8)
  fs.mkdirSync(place('shared'), { mode: 0o755 })

  await (await openLog(`sqlite:${place('made/log')}`, 'write')).close()
  await (await openStore(`chdb:${place('made/store')}`)).close()
  await openTarget(`file:${place('made/archive')}`, place('made/spool'))
  await openTarget('s3://bucket/prefix', place('made/bucket-spool'))
  await writeJson(place('made/watch/watch.json'), {})
  await (await openLog(`sqlite:${place('shared')}`, 'write')).close()

  for (const name of ['made', 'made/log', 'made/store', 'made/archive', 'made/bucket-spool', 'made/watch'])
    assert.equal(modeOf(place(name)), '700', name)
  assert.equal(modeOf(place('shared')), '755')
})
