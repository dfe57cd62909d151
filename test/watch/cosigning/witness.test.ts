/** The watcher's witness over HTTP, killed where it could cosign twice. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { cosignedAt, parseWitness, witnessText } from '../../../src/proof/cosignature.ts'
import { openCheckpoint, openNote, parseVerifier, verifierText } from '../../../src/proof/note.ts'
import { Witness } from '../../../src/watch/cosigning/witness.ts'
import { WitnessFile } from '../../../src/watch/cosigning/witness-file.ts'
import { InstanceClient } from '../../../src/watch/instance-client.ts'
import { WitnessedLog } from '../../support/data/witnessed-log.ts'
import { rounds } from '../../support/faults.ts'
import { EventLog } from '../../support/judges/event-log.ts'

const NOW_MS = Date.UTC(2026, 10, 27, 12)
const PROGRAM = path.join(import.meta.dirname, '../../support/processes/witness-once.ts')
const entriesOf = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name} ${at}`)

async function open(t: TestContext, entries = entriesOf('a', 5)) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-witness-'))
  const log = await WitnessedLog.open(entries)
  t.after(async () => {
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const keyFile = `${directory}/witness-key.pem`
  const events = new EventLog()
  /** A watcher that starts now, on what an earlier one left. */
  const start = () => {
    const { file, signer } = WitnessFile.open(keyFile, undefined)
    const witness = new Witness(file, signer, events.emit)
    const verifier = parseWitness(witnessText(signer))!
    return {
      verifier,
      probe: (nowMs = NOW_MS) => witness.probe([new InstanceClient(log.url, undefined, 60_000)], nowMs),
    }
  }
  return { log, keyFile, start, events }
}

const NOTHING_WRONG = { forked: [], failed: [] }

test('each newer checkpoint is cosigned, and stored with its own signature readable', async t => {
  const { log, start } = await open(t)
  const { probe, verifier } = start()
  assert.deepEqual(await probe(), NOTHING_WRONG)
  assert.equal(cosignedAt(log.cosigned(5)!, verifier), NOW_MS / 1000)
  for (const more of [1, 2, 300]) await log.append(entriesOf('b', more))
  assert.deepEqual(await probe(NOW_MS + 10_000), NOTHING_WRONG)
  const cosigned = log.cosigned(308)!
  assert.ok(cosigned.startsWith(log.note))
  assert.equal(cosignedAt(cosigned, verifier), NOW_MS / 1000 + 10)
  const own = parseVerifier(verifierText(log.signer))!
  assert.equal(openNote(cosigned, own), openNote(log.note, own))
  assert.equal(log.cosigned(6), null)
  assert.deepEqual(await start().probe(), NOTHING_WRONG)
  assert.equal(log.cosigned(308), cosigned)
})

test('two witnesses cosign one checkpoint', async t => {
  const { log, start, keyFile } = await open(t)
  const first = start()
  await first.probe()
  fs.renameSync(keyFile, `${keyFile}.first`)
  fs.rmSync(`${keyFile}.cosigned`)
  const second = start()
  await second.probe()
  for (const { verifier } of [first, second]) assert.equal(typeof cosignedAt(log.cosigned(5)!, verifier), 'number')
})

test('a forked or shrunken log, or one under another key, is never cosigned, also by a watcher that starts again', async t => {
  const { log, start } = await open(t)
  const { probe } = start()
  await probe()
  const shown: [RegExp, () => Promise<void>][] = [
    [/4 entries, and 5 were cosigned/, () => log.show(entriesOf('a', 4))],
    [/5 entries are not those/, () => log.show(entriesOf('x', 5))],
    [/9 entries do not begin/, () => log.show(entriesOf('x', 9))],
    [
      /another key/,
      () => log.show(entriesOf('a', 6), { ...log.signer, key: generateKeyPairSync('ed25519').privateKey }),
    ],
  ]
  for (const [why, show] of shown) {
    await show()
    for (const each of [probe, start().probe]) {
      const { forked, failed } = await each()
      assert.deepEqual(failed, [])
      assert.match(forked[0]!.why, why)
    }
    for (const size of [4, 6, 9]) assert.equal(log.cosigned(size), null)
  }
  await log.show(entriesOf('a', 6))
  assert.deepEqual(await probe(), NOTHING_WRONG)
  assert.ok(log.cosigned(6))
})

test('a cosignature that was not taken is given again, the same', async t => {
  const { log, start } = await open(t)
  const given: string[] = []
  log.onCosignature = note => {
    given.push(note)
    if (given.length === 1) throw new Error('no room')
  }
  const { failed } = await start().probe()
  assert.match(failed[0]!.why, /no room/)
  assert.deepEqual(await start().probe(NOW_MS + 60_000), NOTHING_WRONG)
  assert.deepEqual(new Set(given).size, 1)
})

test('without its memory a key cosigns nothing, and states what to do', async t => {
  const { start, keyFile } = await open(t)
  await start().probe()
  fs.writeFileSync(`${keyFile}.cosigned`, '{"version":1,')
  assert.throws(start, { code: 'config_invalid', advice: /Restore it from a copy/ })
  fs.rmSync(`${keyFile}.cosigned`)
  assert.throws(start, { code: 'config_invalid', message: /cannot read what was cosigned/ })
})

test('what others post is stored only if this log and the named witness signed it', async t => {
  const { log, start } = await open(t)
  const client = new InstanceClient(log.url, undefined, 60_000)
  const key = witnessText({ name: 'w', key: generateKeyPairSync('ed25519').privateKey })
  await assert.rejects(client.cosignature(key, log.note), /not cosigned by this key/)
  await assert.rejects(client.cosignature(key, log.note.replace('\n5\n', '\n6\n')), /not a checkpoint of this log/)
  await assert.rejects(client.cosignature('x', log.note), /not the public key of a witness/)
  assert.equal(log.cosigned(5), null)
  await start().probe()
  assert.ok(log.cosigned(5))
})

test(`killed ${rounds(6, 200)} times between its state and the answer, it never cosigns one size twice differently`, async t => {
  const { log, keyFile, start } = await open(t)
  const { verifier } = start()
  const roots = new Map<number, string>()
  let child: ChildProcess | undefined
  const own = parseVerifier(verifierText(log.signer))!
  log.onCosignature = note => {
    child?.kill('SIGKILL')
    const { size, root } = openCheckpoint(note, own)!
    assert.equal(typeof cosignedAt(note, verifier), 'number')
    assert.equal(roots.get(size) ?? root.toString('hex'), root.toString('hex'), `two roots of size ${size}`)
    roots.set(size, root.toString('hex'))
    throw new Error('killed')
  }
  for (let round = 0; round < rounds(6, 200); round++) {
    const size = 5 + round
    await log.show(entriesOf('a', size))
    child = spawn(process.execPath, [PROGRAM, keyFile, log.url], { stdio: 'ignore' })
    assert.deepEqual((await once(child, 'exit'))[1], 'SIGKILL')
    child = undefined
    await log.show(entriesOf('x', size))
    assert.equal((await start().probe()).forked.length, 1)
  }
  assert.equal(roots.size, rounds(6, 200))
})
