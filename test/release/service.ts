/**
 * The packed package as a service of systemd: the commands of docs/systemd.md as they are written there, on a systemd of
 * this test's own. Not part of `npm test`: `npm run test:release`.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { VERSION } from '../../src/version.ts'
import { ROOT } from '../deploy/composition.ts'
import { blocksOf } from '../support/documents.ts'
import { within } from '../support/judges/within.ts'
import type { Outcome } from '../support/processes/outcome.ts'
import { freePort } from '../support/servers/free-port.ts'
import { SystemdMachine } from './systemd-machine.ts'

const PACKAGE = `tickhouse-${VERSION}.tgz`
const WAIT_MS_MAX = 120_000
const booted = await SystemdMachine.boot()
const machine = booted as SystemdMachine
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-service-'))
after(async () => {
  if (booted instanceof SystemdMachine) await booted.stop()
  fs.rmSync(directory, { recursive: true, force: true })
})

async function succeeds(outcome: Promise<Outcome>, line: string): Promise<string> {
  const { code, text } = await outcome
  if (code !== 0) {
    const journal = await machine.run('journalctl --unit tickhouse --no-pager --lines 40')
    assert.fail(`${line}: exit code ${code}\n${text.slice(-3000)}\n${journal.text}`)
  }
  return text
}
const run = (line: string) => succeeds(machine.run(line), line)
const mainPid = async () => Number((await run('systemctl show --property MainPID --value tickhouse')).trim())

describe('tickhouse.service', { skip: booted instanceof SystemdMachine ? false : booted }, () => {
  let inEnvironment = ''
  const stored = async () =>
    Number(await run(`${inEnvironment} tickhouse query "SELECT count() FROM trades FORMAT TSV"`))
  const storesMore = async () => {
    const before = await stored().catch(() => 0)
    await within(WAIT_MS_MAX, async () => ((await stored().catch(() => 0)) > before ? undefined : `still ${before}`))
  }

  before(async () => {
    const npm = path.join(path.dirname(process.execPath), 'npm')
    execFileSync(fs.existsSync(npm) ? npm : 'npm', ['pack', '--silent', '--pack-destination', directory], { cwd: ROOT })
    machine.put(path.join(directory, PACKAGE), `/root/${PACKAGE}`)
    // This Node, where services look for it.
    machine.put(process.execPath, '/usr/local/bin/node')
    await run('chmod +x /usr/local/bin/node && npm config set prefix /usr/local')
  })

  test('is installed by docs/systemd.md, starts, and records', async () => {
    const [install] = blocksOf('systemd.md')
    assert.match(install!.at(-1)!, /enable --now tickhouse$/)
    // A port of this test's own, and a venue that can be reached.
    inEnvironment = `TICKHOUSE_LISTEN=127.0.0.1:${await freePort()}`
    const settings = `'TICKHOUSE_SOURCES=simulator:BTCUSDT,ETHUSDT?rate=300' ${inEnvironment}`
    await run(`mkdir /etc/tickhouse && printf '%s\\n' ${settings} > /etc/tickhouse/tickhouse.env`)
    for (const line of install!)
      await run(line.replaceAll('sudo ', '').replace(/(--global) tickhouse/, `$1 /root/${PACKAGE}`))
    await storesMore()
    assert.match(await run('systemctl is-enabled tickhouse'), /^enabled/)
    assert.match(await run(`${inEnvironment} tickhouse doctor`), /Log and store agree\./)
    assert.equal((await run('stat --format %U:%a /var/lib/tickhouse/data')).trim(), 'tickhouse:700')
  })

  test('has no rights, and can write nothing but its state', async () => {
    const status = await run(`cat /proc/${await mainPid()}/status`)
    assert.match(status, /^CapEff:\s0+$/m)
    assert.match(status, /^CapBnd:\s0+$/m)
    assert.match(status, /^NoNewPrivs:\s1$/m)
    assert.match(status, /^Seccomp:\s2$/m)
    const inside = `nsenter --target ${await mainPid()} --mount --setuid "$(id -u tickhouse)" sh -c`
    for (const place of ['/etc', '/usr/local', '/home', '/var/lib'])
      assert.notEqual((await machine.run(`${inside} 'touch ${place}/x'`)).code, 0, place)
  })

  test('goes on after a kill of the storing process and of the main one', async () => {
    const before = await mainPid()
    await run(`pkill -KILL --full 'cli.js ingest'`)
    await storesMore()
    assert.equal(await mainPid(), before, 'the main process has restarted it')
    await run('kill -9 $(systemctl show --property MainPID --value tickhouse)')
    await within(WAIT_MS_MAX, async () => (![0, before].includes(await mainPid()) ? undefined : 'not restarted'))
    await storesMore()
    assert.match(await run(`${inEnvironment} tickhouse doctor`), /Log and store agree\./)
  })

  test('is upgraded by a reload without losing a tick, and stopped in order', async () => {
    const before = await mainPid()
    const gaps = `${inEnvironment} tickhouse query "SELECT count() FROM gaps FINAL WHERE state = 'open' FORMAT TSV"`
    const gapsBefore = (await run(gaps)).trim()
    await run('systemctl reload tickhouse')
    assert.equal(await mainPid(), before)
    await storesMore()
    assert.match(await run('journalctl --unit tickhouse --no-pager'), /overlap shown for 4 of 4 symbols and kinds/)
    assert.equal((await run(gaps)).trim(), gapsBefore)
    await run('systemctl stop tickhouse')
    assert.match(await run('systemctl show --property Result tickhouse'), /Result=success/)
    assert.match(await run('journalctl --unit tickhouse --no-pager --lines 20'), /stopped cleanly/)
    assert.match(await run('ls /var/lib/tickhouse/data'), /log/)
  })
})
