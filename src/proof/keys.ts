/**
 * The key that signs checkpoints and certificates, an Ed25519 key: in a file, made once, readable by its owner only, or the
 * text of a secret.
 */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { makeDataDirectory } from '../disk.ts'
import { TickhouseError } from '../errors.ts'
import { addSecret } from '../plain-text.ts'

/** All rights of others, and writing by the group: Kubernetes lets a pod's group read its secrets. */
const FORBIDDEN_MODE = 0o037

/** A new private key as the text of a secret: base64 of PKCS#8, one line. */
export function newPrivateKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
}

/**
 * The private key in a text: PKCS#8 as base64, or in PEM, whose lines may be joined by `\n`. From now on the text is redacted.
 * Throws `config_invalid`, without the text, if it is anything else.
 */
export function parsePrivateKey(text: string): KeyObject {
  const spaced = text.replaceAll(/\\[rn]/g, ' ')
  const [, label, inPem] = /^\s*-----BEGIN ([A-Z0-9 ]+)-----(.*)-----END \1-----\s*$/s.exec(spaced) ?? []
  const base64 = (inPem ?? spaced).replaceAll(/\s/g, '')
  for (const form of [text.trim(), base64]) if (form !== '') addSecret(form)
  const refuse = (why: string) =>
    new TickhouseError(
      'config_invalid',
      `TICKHOUSE_SEAL_PRIVATE_KEY is not an Ed25519 private key: ${why}`,
      'Give it as tickhouse archive new-key prints it, or as the file that TICKHOUSE_SEAL_KEY named: see docs/proof.md.',
    )
  if (label !== undefined && label !== 'PRIVATE KEY') throw refuse(`it is a PEM block of the kind ${label}`)
  if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) throw refuse('it is neither PEM nor base64')
  try {
    const key = createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // The reasons of OpenSSL help no user.
    throw refuse('it is not a key, or was cut')
  }
  throw refuse('it is a key of another kind')
}

/** The private key in a file (PKCS#8, PEM). Throws `config_invalid` if it is missing, unreadable, of another kind or open to others. */
export function readKey(file: string): KeyObject {
  try {
    const mode = fs.statSync(file).mode & 0o777
    if ((mode & FORBIDDEN_MODE) !== 0) throw new Error(`its mode ${mode.toString(8)} lets others use it: chmod 600`)
    const key = createPrivateKey(fs.readFileSync(file))
    if (key.asymmetricKeyType !== 'ed25519') throw new Error('it is not an Ed25519 key')
    return key
  } catch (error) {
    throw new TickhouseError(
      'config_invalid',
      `cannot use the key ${file}: ${(error as Error).message}`,
      'Restore the key file from a copy, or set TICKHOUSE_SEAL_KEY: see docs/proof.md.',
      { cause: error },
    )
  }
}

/** The private key in a file, which is made with mode 600 if there is none. Throws like `readKey`, or `data_unwritable`. */
export function readOrMakeKey(file: string): KeyObject {
  if (!fs.existsSync(file)) {
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    try {
      makeDataDirectory(path.dirname(file))
      writeOnce(file, pem as string)
    } catch (error) {
      throw new TickhouseError(
        'data_unwritable',
        `cannot make the key ${file}: ${(error as Error).message}`,
        'Give this user write permission there, or set TICKHOUSE_SEAL_KEY to another file.',
        { cause: error },
      )
    }
  }
  return readKey(file)
}

/** Writes a file as a whole or not at all; one that exists stays. */
function writeOnce(file: string, text: string): void {
  const made = `${file}.${process.pid}`
  fs.rmSync(made, { force: true })
  fs.writeFileSync(made, text, { mode: 0o600, flag: 'wx', flush: true })
  try {
    fs.linkSync(made, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    fs.rmSync(made, { force: true })
  }
}
