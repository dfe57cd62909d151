import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parseWitness } from '../../src/proof/cosignature.ts'
import { FORGERY_KINDS, forge } from '../support/data/forgeries.ts'
import { COSIGNED_AT, rangeOf, SealedArchive } from '../support/data/sealed-archive.ts'
import { rounds } from '../support/faults.ts'

const archive = await SealedArchive.open({ after })
const certificates = [await archive.certificate(rangeOf('AAA')), await archive.certificate(rangeOf('BBB'))]
const directory = archive.scratch

test('a certificate about an untouched archive is accepted, with what is missing and what is not proved', async () => {
  const [degraded, proved] = await Promise.all(certificates.map(certificate => archive.verify(certificate)))
  assert.ok(degraded!.accepted && proved!.accepted)
  assert.equal(degraded!.predicate.claims.condition, 'degraded')
  assert.deepEqual(degraded!.predicate.claims.runs[0]!.missing, [['111', '114']])
  const [run] = proved!.predicate.claims.runs
  assert.equal(proved!.predicate.claims.condition, 'proved')
  assert.deepEqual([run!.firstId, run!.lastId, run!.ids, run!.missing], ['90', '130', '41', []])
  assert.ok(proved!.predicate.notProved.length >= 4)
})

test('a certificate is accepted with the witness that cosigned it, and the time', async () => {
  const verdict = await archive.verify(certificates[0]!, archive.directory, [archive.witnessVerifier])
  assert.ok(verdict.accepted)
  assert.deepEqual(verdict.cosigned, [{ witness: 'watch.example.org', seconds: COSIGNED_AT }])
})

test('a part of the range has the ids of that part only', async () => {
  const whole = rangeOf('BBB')
  const [row] = await archive.store.rows<{ at: string; rows: number; first: string }>(
    `SELECT toString(toUnixTimestamp64Nano(timestamp)) AS at, toUInt32(count()) AS rows, toString(min(trade_id)) AS first
     FROM trades WHERE symbol = 'BBB' GROUP BY timestamp ORDER BY timestamp DESC LIMIT 1`,
  )
  const verdict = await archive.verify(await archive.certificate({ ...whole, from: BigInt(row!.at) }))
  assert.ok(verdict.accepted)
  assert.equal(verdict.predicate.claims.rows, row!.rows)
  assert.equal(verdict.predicate.claims.runs[0]!.firstId, row!.first)
  await assert.rejects(archive.certificate({ ...whole, to: whole.from + 1n }), { code: 'usage' })
})

test(`each of ${rounds(300, 1_000)} forgeries is refused with its reason`, async () => {
  for (let seed = 0; seed < rounds(300, 1_000); seed++) {
    const forgery = await forge(archive, certificates, seed, `${directory}/forged`)
    const verdict = await archive.verify(
      forgery.certificate,
      forgery.directory,
      forgery.witnesses.map(key => parseWitness(key)!),
    )
    assert.equal(verdict.accepted ? 'accepted' : verdict.refusal, forgery.refusal, `${forgery.name}, seed ${seed}`)
  }
  assert.ok(FORGERY_KINDS < 300)
})

test('an object that was archived again since is named, and a new certificate is accepted', async () => {
  const copy = archive.copy(`${directory}/again`)
  const [object] = archive.objects()
  await archive.reseal(copy, archive.signer, entries => {
    const leaf = JSON.parse(entries.find(entry => entry.includes(object!))!)
    return [...entries, JSON.stringify({ ...leaf, object: { ...leaf.object, sha256: '0'.repeat(64) } })]
  })
  const verdict = await archive.verify(certificates[0]!, copy)
  assert.ok(!verdict.accepted)
  assert.equal(verdict.refusal, 'superseded')
})

test('a text that is no certificate is refused, whatever it is', async () => {
  for (const text of [
    '',
    '{}',
    '[]',
    'null',
    '{"payloadType":"application/vnd.in-toto+json","payload":"","signatures":[{"sig":"AA=="}]}',
  ]) {
    const verdict = await archive.verify(text)
    assert.ok(!verdict.accepted && ['format', 'signature'].includes(verdict.refusal), text)
  }
})
