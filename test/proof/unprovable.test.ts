import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openEnvelope, parseEnvelope, signEnvelope } from '../../src/proof/dsse.ts'
import { rangeOf, SealedArchive } from '../support/data/sealed-archive.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-unprovable-'))
let archive: SealedArchive

before(async () => {
  archive = await SealedArchive.make(`${directory}/made`, 'rising')
})
after(async () => {
  await archive.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('of a venue whose ids have holes a certificate is unprovable, and one that states otherwise is refused', async () => {
  const certificate = await archive.certificate(rangeOf('BBB'))
  const verdict = await archive.verify(certificate)
  assert.ok(verdict.accepted)
  assert.equal(verdict.predicate.claims.condition, 'unprovable')
  const proved = openEnvelope(parseEnvelope(certificate)!, archive.verifier)!.replace(
    '"condition":"unprovable"',
    '"condition":"proved"',
  )
  const refused = await archive.verify(JSON.stringify(signEnvelope(proved, archive.signer, archive.key)))
  assert.equal(refused.accepted ? 'accepted' : refused.refusal, 'claims')
})
