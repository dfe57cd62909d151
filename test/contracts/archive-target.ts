/** What every place for an archive does, whichever it is. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { fetchText } from '../../src/archive/catalog/manifest.ts'
import { spoolFile } from '../../src/archive/targets/spool.ts'
import type { ArchiveTarget } from '../../src/archive/targets/target.ts'

/** Keys that lead out of wherever the archive is, on a disk or behind a server that resolves paths. */
const OUTSIDE = ['../x', 'a/../../x', '..', '.', '', '/etc/passwd', 'a//b', 'a/./b', 'a/..', 'a\\..\\b', 'a\nb', 'a\0b']

export function archiveTargetContract(open: (name: string) => Promise<ArchiveTarget>): void {
  const put = async (target: ArchiveTarget, key: string, bytes: string | Uint8Array) => {
    const file = spoolFile(target.spool)
    fs.writeFileSync(file, bytes)
    await target.put(file, key).finally(() => fs.rmSync(file, { force: true }))
  }
  const keysOf = async (target: ArchiveTarget, prefix?: string) => {
    const keys: string[] = []
    for await (const { key } of target.list(prefix)) keys.push(key)
    return keys
  }

  test('what is put is fetched, listed and replaced; what is not there is null', async () => {
    const target = await open('put')
    assert.deepEqual(await keysOf(target), [])
    assert.deepEqual(await keysOf(target, 'ledger/'), [])
    await put(target, 'trades/a', 'first')
    await put(target, 'trades/a', 'second')
    await put(target, 'ledger/date=1/b', randomBytes(10))
    await put(target, 'ledger/date=10/c', randomBytes(10))
    assert.equal(await fetchText(target, 'trades/a'), 'second')
    assert.equal(await target.fetch('trades/b'), null)
    assert.deepEqual(await keysOf(target), ['ledger/date=1/b', 'ledger/date=10/c', 'trades/a'])
    assert.deepEqual(await keysOf(target, 'ledger/date=1/'), ['ledger/date=1/b'])
    assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')
  })

  test('of several that create one key, the first is kept', async () => {
    const target = await open('create')
    const texts = ['a', 'b', 'c', 'd']
    await Promise.all(texts.map(text => target.create('one', text)))
    const kept = await fetchText(target, 'one')
    assert.ok(texts.includes(kept!))
    await target.create('one', 'later')
    assert.equal(await fetchText(target, 'one'), kept)
    assert.deepEqual(await keysOf(target), ['one'])
    assert.deepEqual(fs.readdirSync(target.spool), [])
  })

  test('no key points outside it', async () => {
    const target = await open('inside')
    for (const key of OUTSIDE) {
      const refused = { code: 'archive_mismatch', message: /^the key [^\p{Cc}]* points outside the archive$/u }
      await assert.rejects(target.fetch(key), refused, key)
      await assert.rejects(put(target, key, 'x'), refused, key)
      await assert.rejects(target.create(key, 'x'), refused, key)
    }
    assert.deepEqual(await keysOf(target), [])
  })
}
