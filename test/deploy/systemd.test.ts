/** The unit of systemd, judged by systemd's own tools. It runs in test/release/service.ts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { DEPLOY } from './composition.ts'

const UNIT = path.join(DEPLOY, 'systemd/tickhouse.service')
const missing =
  spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze --version does not run here'

/** What a tool says of a unit's text, after one replacement of it. */
function analyzed(words: string[], [before, after]: [string, string] = ['', '']): { status: number; text: string } {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-unit-'))
  try {
    const file = path.join(directory, 'tickhouse.service')
    const unit = fs.readFileSync(UNIT, 'utf8')
    assert.ok(unit.includes(before))
    fs.writeFileSync(file, unit.replace(before, after))
    const { status, stdout, stderr } = spawnSync('systemd-analyze', [...words, file], { encoding: 'utf8' })
    return { status: status!, text: stdout + stderr }
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

test('systemd finds nothing in the unit, and finds a misspelt setting', { skip: missing }, () => {
  assert.deepEqual(analyzed(['verify']), { status: 0, text: '' })
  assert.match(analyzed(['verify'], ['NoNewPrivileges=', 'NoNewPrivilege=']).text, /Unknown key/)
})

test('its exposure is at most the 1.4 of docs/systemd.md, and one setting less is more', { skip: missing }, () => {
  const security = ['security', '--offline=true', '--threshold=14', '--no-pager']
  const { status, text } = analyzed(security)
  assert.equal(status, 0, text)
  for (const setting of [
    'User=tickhouse',
    'PrivateUsers=yes',
    'SystemCallFilter=@system-service',
    'ProtectSystem=strict',
  ])
    assert.notEqual(analyzed(security, [setting, '']).status, 0, setting)
})
