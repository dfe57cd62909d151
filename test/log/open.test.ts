import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLog } from '../../src/log/open.ts'
import { freshDirectory } from '../contracts/log.ts'

test('sqlite: opens the log in a directory, with the requested number of partitions', async t => {
  const directory = freshDirectory(t)
  const log = await openLog(`sqlite:${directory}/log?partitions=4`, 'write')
  assert.equal(log.partitions, 4)
  const reader = await openLog(`sqlite:${directory}/log`, 'read')
  assert.equal(reader.identity(), log.identity())
  await reader.close()
  await log.close()
})

test('an invalid address is refused with the known schemes, and without its secrets', async t => {
  const directory = freshDirectory(t)
  const addresses = {
    'redis://user:secret@host/': /unknown log address "redis:"/,
    'data/log': /unknown log address$/,
    'sqlite:': /without a directory/,
    [`sqlite:${directory}?partition=2`]: /unknown option "partition"/,
    [`sqlite:${directory}?partitions=0`]: /partitions=0/,
    [`sqlite:${directory}?partitions=1.5`]: /partitions=1.5/,
    [`sqlite:${directory}?partitions=`]: /partitions=/,
  }
  for (const [address, message] of Object.entries(addresses))
    await assert.rejects(openLog(address, 'write'), { code: 'address_invalid', message, advice: /sqlite:<directory>/ })
})
