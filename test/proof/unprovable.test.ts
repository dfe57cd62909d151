import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openEnvelope, parseEnvelope, signEnvelope } from '../../src/proof/dsse.ts'
import { rangeOf, SealedArchive } from '../support/data/sealed-archive.ts'

const archive = await SealedArchive.open({ after }, 'rising')

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
