import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { archiveTargetContract } from '../../contracts/archive-target.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-directory-'))
after(() => fs.rmSync(directory, { recursive: true, force: true }))

describe('a directory', () => {
  archiveTargetContract(name => openTarget(`file:${directory}/${name}`, 'unused'))

  test('is not left through a symbolic link to a file, a directory or nothing', async () => {
    const target = await openTarget(`file:${directory}/linked`, 'unused')
    const outside = `${directory}/outside`
    fs.mkdirSync(outside)
    fs.writeFileSync(`${outside}/secret`, 'secret')
    fs.mkdirSync(`${directory}/linked/trades`)
    fs.symlinkSync(outside, `${directory}/linked/folder`)
    fs.symlinkSync(`${outside}/secret`, `${directory}/linked/trades/file`)
    fs.symlinkSync(`${outside}/new`, `${directory}/linked/nowhere`)
    for (const key of ['folder/secret', 'folder/deep/new', 'trades/file', 'nowhere']) {
      await assert.rejects(target.fetch(key), { code: 'archive_mismatch' }, key)
      await assert.rejects(target.create(key, 'x'), { code: 'archive_mismatch' }, key)
    }
    assert.deepEqual(fs.readdirSync(outside), ['secret'])
  })

  test('may itself be a symbolic link', async () => {
    fs.mkdirSync(`${directory}/disk`)
    fs.symlinkSync(`${directory}/disk`, `${directory}/link`)
    const target = await openTarget(`file:${directory}/link`, 'unused')
    await target.create('trades/a', 'text')
    assert.equal(fs.readFileSync(`${directory}/disk/trades/a`, 'utf8'), 'text')
  })
})
