import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe } from 'node:test'
import { LastSignedFile, LastSignedRow } from '../../../src/archive/seal/last-signed.ts'
import { verifierText } from '../../../src/proof/note.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { lastSignedContract } from '../../contracts/last-signed.ts'
import { openTestServer } from '../../support/servers/clickhouse-server.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-last-signed-'))
after(() => fs.rmSync(directory, { recursive: true, force: true }))
// First: after a suite the runner would not wait for it.
const server = await openTestServer({ after })

describe('the last signed checkpoint in a file beside the key', () => {
  const keyFile = `${directory}/deeper/key.pem`
  lastSignedContract(
    signer => new LastSignedFile(keyFile, signer.archive, verifierText(signer)),
    async ({ archive }) => fs.rmSync(`${keyFile}.${archive}.checkpoint`),
  )
})

for (const [name, address] of [
  ['embedded', `chdb:${directory}/store`],
  ['server', server.freshStore()],
] as const)
  describe(`the last signed checkpoint in the store, ${name}`, () => {
    let store: Store
    before(async () => {
      store = await openStore(address)
    })
    after(() => store.close())
    lastSignedContract(
      signer => new LastSignedRow(store, verifierText(signer)),
      signer => store.deleteRows('signed_checkpoints', 'key = {key:String}', { key: verifierText(signer) }),
    )
  })
