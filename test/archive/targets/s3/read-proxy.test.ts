import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { openTarget } from '../../../../src/archive/targets/open.ts'

test('a running read of an unresponsive bucket ends when the archive is closed, and so does a later one', {
  timeout: 120_000,
}, async t => {
  const before = { id: process.env.AWS_ACCESS_KEY_ID, secret: process.env.AWS_SECRET_ACCESS_KEY }
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' })
  const silent = http.createServer(() => {})
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-window-'))
  t.after(() => {
    silent.closeAllConnections()
    silent.close()
    fs.rmSync(directory, { recursive: true, force: true })
    for (const [name, value] of [
      ['AWS_ACCESS_KEY_ID', before.id],
      ['AWS_SECRET_ACCESS_KEY', before.secret],
    ] as const) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const target = await openTarget(`s3://market/x?region=us-east-1&endpoint=${endpoint}`, `${directory}/spool`)
  const { engine } = await target.readable('trades/a.parquet')
  const [, url] = /'(http:[^']+)'/.exec(engine)!
  const asked = fetch(url!)
  await once(silent, 'request')
  await target.close()
  // At 400 the engine does not try again.
  assert.equal((await asked).status, 400)
  assert.equal((await fetch(url!)).status, 400)
})
