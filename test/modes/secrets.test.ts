/** A venue that repeats a user's secrets wherever it can: a running tickhouse shows them nowhere. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { within } from '../support/judges/within.ts'
import { TestInstance, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const KEY = 'PKSECRETKEY0123456789'
const SECRET = 'sEcReT/with+more&than=letters"and\\0123456789'
/** So much of one is as bad as the whole. */
const PARTS = [KEY.slice(0, 12), KEY.slice(-12), SECRET.slice(0, 12), SECRET.slice(-12), 'with%2Bmore', 'with+more']

/** Repeats the login in each kind of message that is logged, counted, quarantined or shown, and in the close. */
function speak(server: LocalVenue): void {
  server.onVisit = ({ socket }) => {
    const send = (item: object) => socket.send(JSON.stringify([item]))
    send({ T: 'success', msg: 'connected' })
    socket.once('message', data => {
      const { key, secret } = JSON.parse(String(data)) as { key: string; secret: string }
      send({ T: 'success', msg: 'authenticated' })
      const both = `${key} ${secret} ${encodeURIComponent(secret)}`
      socket.once('message', async () => {
        for (const text of [both, `${'x'.repeat(40)}${both}`, `${'x'.repeat(185)}${both}`]) {
          send({ T: 'error', code: 499, msg: text })
          send({ T: 'error', code: 405, msg: text })
          send({ T: text })
          send({ T: 'success', msg: text })
          send({ T: 't', S: text, i: 1, x: 'V', p: 1, s: 1, t: new Date().toISOString() })
          send({ T: 't', S: 'AAPL', i: text, x: text, p: 1, s: 1, t: text })
          socket.send(`no JSON ${text}`)
          socket.send(Buffer.from(`\u00dc\u0000${text}`, 'latin1'))
        }
        await sleep(1_500)
        socket.close(4000, `bye ${key} ${secret}`)
      })
    })
  }
}

/** The parts of secrets that a text has. */
const leaked = (text: string) => PARTS.filter(part => text.includes(part))

/** The first messages of the page's live stream, up to the fourth status of the stages. */
async function livePage(url: string): Promise<string> {
  const response = await fetch(`${url}/api/live`)
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if (text.split('event: stations\n').length > 4) break
  }
  return text
}

test('no secret of a user is in the output of a process, a file, a table, the status or the page', {
  timeout: 600_000,
}, async t => {
  const server = await LocalVenue.open(t)
  speak(server)
  const outside = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-secret-'))
  t.after(() => fs.rmSync(outside, { recursive: true }))
  const secretFile = path.join(outside, 'secret')
  fs.writeFileSync(secretFile, `${SECRET}\n`)
  const instance = new TestInstance(t, {
    SOURCES: 'alpaca:AAPL,MSFT',
    ALPACA_WS: server.url,
    ALPACA_REST: 'http://127.0.0.1:1',
    ALPACA_KEY: KEY,
    ALPACA_SECRET_FILE: secretFile,
    LOG_FORMAT: 'text',
  })
  const output = path.join(instance.directory, 'output.txt')
  const running = instance.run('start', {}, [], fs.openSync(output, 'w'))
  const logged = () => fs.readFileSync(output, 'utf8')
  // The second connection opens after the close that repeats the secrets.
  await within(WAIT_MS_MAX, async () => (server.visits.length > 1 && /bye/.test(logged()) ? undefined : logged()))
  let url = ''
  await within(WAIT_MS_MAX, async () => {
    url = /the page is at (http:\/\/[\d.:]+)/.exec(logged())?.[1] ?? ''
    return url ? undefined : logged()
  })
  await within(WAIT_MS_MAX, () =>
    fetch(`${url}/ready`).then(({ ok, status }) => (ok ? undefined : String(status)), String),
  )
  // Each table has some, before it is judged that none has a secret.
  await within(WAIT_MS_MAX, async () => {
    const counts = ['events', 'logs', 'quarantine', 'metrics'].map(table => `(SELECT count() > 0 FROM ${table})`)
    const sql = `SELECT ${counts}, (SELECT count() > 0 FROM quarantine WHERE raw LIKE 'no JSON%') FORMAT TSV`
    const answer = await (await fetch(`${url}/api/query`, { method: 'POST', body: sql })).text()
    return /^((1|true)\s){5}$/.test(answer) ? undefined : answer
  })
  const answers = await Promise.all(
    ['/health', '/ready', '/metrics', '/api/lines', '/api/uptime', '/api/doctor', '/api/quarantine'].map(
      async route => {
        const response = await fetch(`${url}${route}`)
        assert.equal(response.status, 200, route)
        return `${route} ${await response.text()}`
      },
    ),
  )
  answers.push(`/api/live ${await livePage(url)}`)
  for (const answer of answers) assert.deepEqual(leaked(answer), [], answer)
  await running.end('SIGTERM')

  assert.match(logged(), /\[redacted\]/)
  for (const text of [logged(), running.output]) assert.deepEqual(leaked(text), [], text)
  for (const file of fs.readdirSync(instance.directory, { recursive: true, encoding: 'utf8' })) {
    const name = path.join(instance.directory, file)
    if (fs.statSync(name).isFile()) assert.deepEqual(leaked(fs.readFileSync(name, 'latin1')), [], name)
  }
  const store = await instance.store()
  try {
    const tables = await store.rows<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View'",
    )
    const rows = new Map<string, number>()
    for (const { name } of [...tables, { name: 'logs' }]) {
      const all = await store.rows(`SELECT * FROM ${name}`)
      rows.set(name, all.length)
      for (const row of all) assert.deepEqual(leaked(JSON.stringify(row)), [], `${name} ${JSON.stringify(row)}`)
    }
    for (const name of ['events', 'logs', 'quarantine', 'metrics']) assert.ok(rows.get(name)! > 0, `${name} is empty`)
    const [refused] = await store.rows<{ raw: string }>("SELECT raw FROM quarantine WHERE raw LIKE 'no JSON%' LIMIT 1")
    assert.match(refused!.raw, /^no JSON \*{10}/)
  } finally {
    await store.close()
  }
})

test('a missing key stops the start with the name of its setting', async t => {
  const instance = new TestInstance(t, { SOURCES: 'alpaca:AAPL', ALPACA_KEY: KEY })
  const running = instance.run('start')
  assert.equal((await running.exited).code, 2)
  const text = `${running.output} ${running.events.map(({ fields }) => JSON.stringify(fields)).join(' ')}`
  assert.match(text, /alpaca requires a secret: set TICKHOUSE_ALPACA_SECRET, or TICKHOUSE_ALPACA_SECRET_FILE/)
  assert.match(text, /app\.alpaca\.markets/)
  assert.deepEqual(leaked(text), [])
})
