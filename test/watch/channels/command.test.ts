import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { SIGNING_KEY } from '../../../src/config.ts'
import { CommandChannel } from '../../../src/watch/channels/command.ts'
import { alertMessage } from '../../support/servers/alert-receivers.ts'

const HOUSE = 'http://house.example:8080'
let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-command-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

const written = (name: string) => fs.readFileSync(path.join(directory, name), 'utf8')

test('gets JSON on standard input and the text in its environment', async () => {
  const command = `cat > ${directory}/input; printf '%s|%s|%s|%s|%s' "$ALERT_KIND" "$ALERT_NAME" "$ALERT_SEVERITY" "$ALERT_SUBJECT" "$ALERT_BODY" > ${directory}/words`
  await new CommandChannel(command).send(alertMessage('opened'), HOUSE)
  assert.equal(JSON.parse(written('input')).name, 'stale')
  const [kind, name, severity, subject, body] = written('words').split('|')
  assert.deepEqual([kind, name, severity], ['opened', 'stale', 'critical'])
  assert.equal(subject, '[tickhouse] CRITICAL binance BTCUSDT has no new ticks')
  assert.match(body!, /What to do: See whether/)
})

test('a symbol name is never executed', async () => {
  const title = `"; touch ${directory}/run; $(touch ${directory}/run) \`touch ${directory}/run\``
  await new CommandChannel(`printf %s "$ALERT_SUBJECT" > ${directory}/subject`).send(
    alertMessage('opened', { title }),
    HOUSE,
  )
  assert.ok(written('subject').endsWith(title))
  assert.deepEqual(fs.readdirSync(directory), ['subject'])
})

test('a command gets the environment without settings: no key, password or address', async t => {
  const settings = ['TICKHOUSE_STORE', 'TICKHOUSE_BINANCE_SECRET_FILE', ...SIGNING_KEY]
  for (const name of settings) process.env[name] = 'of the recorder'
  t.after(() => settings.forEach(name => void delete process.env[name]))
  await new CommandChannel(`env > ${directory}/all`).send(alertMessage('opened'), HOUSE)
  assert.match(written('all'), /^PATH=/m)
  assert.doesNotMatch(written('all'), /TICKHOUSE_|of the recorder/)
})

test('a command need not read its input', async () => {
  const what = 'x'.repeat(90_000)
  await new CommandChannel('exec true').send(alertMessage('opened', { what }), HOUSE)
})

test('a failure has the end of standard error', async () => {
  const command = new CommandChannel('seq 100000 >&2; echo it is broken >&2; exit 3')
  await assert.rejects(command.send(alertMessage('opened'), HOUSE), error => {
    assert.match((error as Error).message, /^it ended with code 3: /)
    assert.ok((error as Error).message.length < 600)
    return true
  })
})

test('a missing command is a failure', async () => {
  await assert.rejects(new CommandChannel('/no/such/command').send(alertMessage('opened'), HOUSE), /code 127/)
})

test('text that no environment accepts is a failure, not the end of the watcher', async () => {
  const what = 'x'.repeat(200_000)
  await assert.rejects(new CommandChannel('true').send(alertMessage('opened', { what }), HOUSE), /E2BIG/)
})

test('a hanging command is killed, with all its children', async () => {
  const command = `sleep 1000 & echo $! > ${directory}/pid; wait`
  await assert.rejects(new CommandChannel(command, 5_000).send(alertMessage('opened'), HOUSE), /SIGKILL/)
  const pid = Number(written('pid'))
  // The kernel takes a moment to end it; if nothing does, the test never ends.
  while (isRunning(pid)) await new Promise(setImmediate)
})

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
