import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../src/log/open.ts'
import { freshPlace } from '../contracts/log.ts'

test('sqlite: opens the log in a directory, with so many partitions as asked for', async t => {
  const place = freshPlace(t)
  const log = await openLog(`sqlite:${place}/log?partitions=4`, 'write')
  assert.equal(log.partitions, 4)
  const reader = await openLog(`sqlite:${place}/log`, 'read')
  assert.equal(reader.identity(), log.identity())
  await reader.close()
  await log.close()
})

test('an address that is not understood is refused with what is known, and without its secrets', async t => {
  const place = freshPlace(t)
  const addresses = {
    'redis://user:secret@host/': /unknown log address "redis:"/,
    'data/log': /unknown log address$/,
    'sqlite:': /without a directory/,
    [`sqlite:${place}?partition=2`]: /unknown option "partition"/,
    [`sqlite:${place}?partitions=0`]: /partitions=0/,
    [`sqlite:${place}?partitions=1.5`]: /partitions=1.5/,
    [`sqlite:${place}?partitions=`]: /partitions=/,
  }
  for (const [address, message] of Object.entries(addresses))
    await assert.rejects(openLog(address, 'write'), { code: 'address_invalid', message, advice: /sqlite:<directory>/ })
})
