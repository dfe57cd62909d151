import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import {
  cosign,
  cosignedAt,
  parseRequest,
  parseWitness,
  requestText,
  witnessText,
} from '../../src/proof/cosignature.ts'
import { parseNote, parseVerifier, signCheckpoint, verifierText } from '../../src/proof/note.ts'

/** The example of https://c2sp.org/tlog-cosignature, whose signed text has `time 1679315147`. */
const PUBLISHED =
  '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'

const log = { name: 'example.com/log', key: generateKeyPairSync('ed25519').privateKey }
const witness = { name: 'watch.example.org', key: generateKeyPairSync('ed25519').privateKey }
const verifier = parseWitness(witnessText(witness))!
const note = signCheckpoint({ size: 7, root: Buffer.alloc(32, 1) }, log)
const { text } = parseNote(note)!

test('a cosignature has the layout of the published example: key id, time, signature', () => {
  const bytesOf = (line: string) => Buffer.from(line.trim().split(' ')[2]!, 'base64')
  const [ours, published] = [bytesOf(cosign(text, witness, 1_679_315_147)), bytesOf(PUBLISHED)]
  assert.equal(ours.length, published.length)
  assert.deepEqual(ours.subarray(4, 12), published.subarray(4, 12))
})

test('a cosigned checkpoint shows when; the checkpoint alone, another text and another key do not', () => {
  const line = cosign(text, witness, 1_679_315_147)
  assert.equal(cosignedAt(note + line, verifier), 1_679_315_147)
  assert.equal(cosignedAt(note, verifier), 'missing')
  assert.equal(cosignedAt(signCheckpoint({ size: 8, root: Buffer.alloc(32, 1) }, log) + line, verifier), 'wrong')
  const other = { ...witness, key: generateKeyPairSync('ed25519').privateKey }
  assert.equal(cosignedAt(note + cosign(text, other, 1), verifier), 'missing')
  // A signature of the note itself is no cosignature.
  assert.equal(parseWitness(verifierText(witness)), null)
  assert.equal(cosignedAt(note, parseVerifier(verifierText(log))!), 'wrong')
})

test('a request to a witness is read as it was written; other texts are none', () => {
  const proof = [Buffer.alloc(32, 2), Buffer.alloc(32, 3)]
  assert.deepEqual(parseRequest(requestText({ old: 3, proof, note })), { old: 3, proof, note })
  assert.deepEqual(parseRequest(requestText({ old: 0, proof: [], note })), { old: 0, proof: [], note })
  for (const body of [
    '',
    'old 3',
    `old 03\n\n${note}`,
    `old 3\nAAAA\n\n${note}`,
    `old 3\n${'x\n'.repeat(64)}\n${note}`,
  ])
    assert.equal(parseRequest(body), null, body)
})
