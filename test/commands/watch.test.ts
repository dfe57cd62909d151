/** The flags of `tickhouse watch` that do not watch, as a user runs them. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NO_ALERTS } from '../../src/watch/alerts/alerts.ts'
import { saveState } from '../../src/watch/state.ts'
import { CLOCK_ENVIRONMENT } from '../support/processes/clock-environment.ts'
import { HttpReceiver, MailServer } from '../support/servers/alert-receivers.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

let directory: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-watch-'))
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

interface Outcome {
  code: number
  lines: string[]
  errors: string[]
}

function watch(flags: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  const env = {
    ...CLOCK_ENVIRONMENT,
    PATH: process.env.PATH,
    TICKHOUSE_WATCH_STATE: path.join(directory, 'watch.json'),
    ...environment,
  }
  const linesOf = (text: string) => text.split('\n').filter(Boolean)
  return new Promise(resolve => {
    const child = execFile(process.execPath, [CLI, 'watch', ...flags], { env, cwd: directory }, (_, output, errors) =>
      resolve({ code: child.exitCode!, lines: linesOf(output), errors: linesOf(errors) }),
    )
  })
}

describe('--test-alert', () => {
  test('sends a message to every channel, prints which accepted it, and ends with 0', async t => {
    const [mail, http] = [await MailServer.open(t), await HttpReceiver.open(t)]
    const { code, lines } = await watch(['--test-alert'], {
      TICKHOUSE_ALERT_EMAIL: 'me@example.com',
      TICKHOUSE_ALERT_SMTP: `smtp://127.0.0.1:${mail.port}`,
      TICKHOUSE_ALERT_WEBHOOKS: `${http.url}/secret slack+${http.url}/secret`,
      TICKHOUSE_ALERT_COMMAND: `cat > ${directory}/message`,
    })
    assert.equal(code, 0)
    assert.deepEqual(lines.sort(), [
      'accepted command',
      'accepted mail to me@example.com',
      `accepted slack at 127.0.0.1:${http.port}`,
      `accepted webhook at 127.0.0.1:${http.port}`,
    ])
    assert.match(mail.mails[0]!.text, /This is a test: alerts arrive here/)
    assert.equal(http.posted.length, 2)
    assert.equal(JSON.parse(fs.readFileSync(path.join(directory, 'message'), 'utf8')).name, 'test')
  })

  test('names the channel that fails and why, without secrets, and ends with 1', async t => {
    const http = await HttpReceiver.open(t)
    http.answer = response => response.writeHead(403).end('not you')
    const { code, lines, errors } = await watch(['--test-alert'], {
      TICKHOUSE_ALERT_WEBHOOKS: `${http.url}/secret`,
      TICKHOUSE_ALERT_COMMAND: 'true',
    })
    assert.equal(code, 1)
    assert.deepEqual(lines.sort(), [
      `FAILED   webhook at 127.0.0.1:${http.port}: it answered with status 403: not you`,
      'accepted command',
    ])
    assert.doesNotMatch(errors.join('\n'), /secret/)
  })

  test('names each refused mail recipient, temporarily or permanently, beside the accepted ones', async t => {
    const mail = await MailServer.openPicky(t)
    const { code, lines } = await watch(['--test-alert'], {
      TICKHOUSE_ALERT_EMAIL: 'me@example.com, 450@example.com, 550@example.com',
      TICKHOUSE_ALERT_SMTP: `smtp://127.0.0.1:${mail.port}`,
    })
    assert.equal(code, 1)
    assert.deepEqual(lines.sort(), [
      'FAILED   mail to 450@example.com: refused temporarily: 450 not this one',
      'FAILED   mail to 550@example.com: refused permanently: 550 not this one',
      'accepted mail to me@example.com',
    ])
  })

  test('without a channel names the settings that add one', async () => {
    const { code, errors } = await watch(['--test-alert'])
    assert.equal(code, 2)
    assert.match(errors[0]!, /^tickhouse: no alert channel is configured.*TICKHOUSE_ALERT_EMAIL/)
    assert.equal(errors.length, 1)
  })
})

describe('silences', () => {
  test('last for the given time, are shown, and can be ended', async () => {
    const silenced = await watch(['--silence', 'stale', '--for', '2h'])
    assert.equal(silenced.code, 0)
    assert.match(silenced.lines[0]!, /^stale is silenced until 20\d\d-\d\d-\d\d \d\d:\d\d UTC$/)
    const [untilMs] = Object.values(JSON.parse(fs.readFileSync(path.join(directory, 'watch.json.silences'), 'utf8')))
    assert.ok(Math.abs((untilMs as number) - Date.now() - 7_200_000) < 60_000)
    assert.match((await watch(['--status'])).lines.join('\n'), /^silenced stale until /m)
    assert.deepEqual((await watch(['--unsilence', 'stale'])).lines, ['stale is no longer silenced'])
    assert.doesNotMatch((await watch(['--status'])).lines.join('\n'), /silenced/)
  })

  test('that cannot be read suppress nothing: the status reports it, and the next silence that they are lost', async () => {
    fs.writeFileSync(path.join(directory, 'watch.json.silences'), '{"stale":')
    const { code, lines } = await watch(['--status'])
    assert.equal(code, 0)
    assert.match(lines.join('\n'), /^nothing is silenced: cannot read the silences: .*watch\.json\.silences: /m)
    const silenced = await watch(['--silence', 'stale'])
    assert.match(silenced.lines.join('\n'), /^earlier silences could not be read and are lost: .*\nstale is silenced/)
    assert.doesNotMatch((await watch(['--status'])).lines.join('\n'), /cannot read/)
  })

  test('last for an hour by default', async () => {
    await watch(['--silence', 'all'])
    const silences = JSON.parse(fs.readFileSync(path.join(directory, 'watch.json.silences'), 'utf8'))
    assert.ok(Math.abs(silences.all - Date.now() - 3_600_000) < 60_000)
  })

  for (const wrong of ['soon', '31d', '0h'])
    test(`a wrong duration is refused in one line: ${wrong}`, async () => {
      const { code, errors } = await watch(['--silence', 'stale', '--for', wrong])
      assert.equal(code, 2)
      assert.equal(errors.length, 1, errors.join('\n'))
      assert.match(errors[0]!, new RegExp(`^tickhouse: not a duration: ${wrong}`))
      assert.deepEqual(fs.readdirSync(directory), [])
    })
})

test('--status reports an unreadable state file', async () => {
  const file = path.join(directory, 'watch.json')
  fs.writeFileSync(file, '{')
  assert.deepEqual((await watch(['--status'])).lines, [
    `unreadable state file moved to ${file}.unreadable`,
    'no probe yet',
  ])
})

test('--status prints open alerts and availability, or that there was no probe yet', async () => {
  assert.deepEqual((await watch(['--status'])).lines, ['no probe yet'])
  const nowMs = Date.now()
  const sinceMs = nowMs - 3 * 3_600_000
  const alert = {
    name: 'stale',
    severity: 'critical',
    title: 'X has no new ticks',
    what: '',
    next: '',
    page: '',
  } as const
  const stale = {
    alert: { ...alert, sinceMs, affected: [], silencedUntilMs: null },
    sentAfterwards: false,
    explains: [],
    seenMs: sinceMs,
    lastSeenMs: nowMs,
    seenProbes: 9,
    longestPauseMs: 0,
    openedMs: sinceMs,
    goneMs: null,
    sentMs: sinceMs,
    sentAffected: [],
  }
  await saveState(path.join(directory, 'watch.json'), {
    alerts: { ...NO_ALERTS, conditions: { stale } },
    unsent: [],
    availability: { lastMs: nowMs - 5_000, days: [{ day: '2026-11-24', watchedMs: 86_400_000, wellMs: 86_313_600 }] },
  })
  const { code, lines } = await watch(['--status'])
  assert.equal(code, 0)
  assert.match(lines[0]!, /^last probe \d+ s ago$/)
  assert.deepEqual(lines.slice(1), [
    'critical stale: X has no new ticks, for 3 h',
    '2026-11-24 99.900 % healthy of 24 h watched',
  ])
})
