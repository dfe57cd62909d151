import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseVerifier,
  signCheckpoint,
  signNote,
  verifierText,
} from '../../src/proof/note.ts'

/** From the documentation of golang.org/x/mod/sumdb/note. */
const PUBLISHED = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature:
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

const signer = { name: 'example.com/log', key: generateKeyPairSync('ed25519').privateKey }
const verifier = parseVerifier(verifierText(signer))!

test('a published note is read', () => {
  const note = `${PUBLISHED.text}\n${PUBLISHED.signature}`
  assert.equal(openNote(note, parseVerifier(PUBLISHED.key)!), PUBLISHED.text)
  assert.equal(openNote(note.replace('problem is', 'problem Is'), parseVerifier(PUBLISHED.key)!), null)
})

test('a note is opened by the key that signed it, also beside other signatures, and by no other', () => {
  const note = signNote('a text\n\nof two parts\n', signer)
  assert.equal(openNote(note, verifier), 'a text\n\nof two parts\n')
  assert.equal(openNote(note + PUBLISHED.signature, verifier), 'a text\n\nof two parts\n')
  const other = { ...signer, key: generateKeyPairSync('ed25519').privateKey }
  assert.equal(openNote(note, parseVerifier(verifierText(other))!), null)
  assert.equal(openNote(note, parseVerifier(verifierText({ ...signer, name: 'example.com/other' }))!), null)
})

test('a note with any character changed is refused', () => {
  const note = signCheckpoint({ size: 123, root: Buffer.alloc(32, 7) }, signer)
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.constantFrom('0', 'A', '\n', ' ', '—'), (at, character) => {
      const changed = note.slice(0, at) + character + note.slice(at + 1)
      const found = openCheckpoint(changed, verifier)
      // The last character of base64 has bits that count for nothing.
      if (changed !== note && found) assert.deepEqual(found, openCheckpoint(note, verifier))
    }),
    { numRuns: 300 },
  )
})

test('a checkpoint comes back, and one of another origin is refused', () => {
  const root = Buffer.alloc(32, 7)
  assert.deepEqual(openCheckpoint(signCheckpoint({ size: 5, root }, signer), verifier), {
    origin: signer.name,
    size: 5,
    root,
  })
  assert.equal(openCheckpoint(signNote(`example.com/other\n5\n${root.toString('base64')}\n`, signer), verifier), null)
  for (const text of ['a\n05\n', 'a\n-1\n', 'a\n1e3\n', '\n5\n'])
    assert.equal(parseCheckpoint(`${text}${root.toString('base64')}\n`), null)
})

test('a public key comes back from its text, and one with another id is refused', () => {
  assert.equal(verifier.name, signer.name)
  assert.equal(parseVerifier(verifierText(signer).replace(/\+[0-9a-f]{8}\+/, '+00000000+')), null)
  assert.equal(parseVerifier('no key'), null)
})
