import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { copyDashboards } from '../../src/commands/dashboards.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('dashboards and alert rules are copied into a new directory, over those of another version', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-dashboards-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  t.mock.method(console, 'log', () => {})
  const target = path.join(directory, 'grafana/tickhouse')
  fs.mkdirSync(target, { recursive: true })
  fs.writeFileSync(path.join(target, 'market.json'), 'of an older version')
  copyDashboards(target)
  assert.deepEqual(fs.readdirSync(target).sort(), [
    'archive.json',
    'lab.json',
    'logs.json',
    'market.json',
    'pipeline.json',
    'tickhouse.rules.yaml',
  ])
  assert.equal(
    fs.readFileSync(path.join(target, 'market.json'), 'utf8'),
    fs.readFileSync(path.join(ROOT, 'dashboards/market.json'), 'utf8'),
  )
})

test('a directory that cannot be written is reported with what to do', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-dashboards-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  fs.writeFileSync(path.join(directory, 'file'), '')
  assert.throws(() => copyDashboards(path.join(directory, 'file/below')), { code: 'data_unwritable' })
})
