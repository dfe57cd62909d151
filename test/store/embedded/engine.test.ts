import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeContract } from '../../contracts/store.ts'

storeContract('the engine in this process', 'embedded', async owner => {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-store-'))
  owner.after(() => rmSync(directory, { recursive: true, force: true }))
  return `chdb:${directory}`
})
