import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { Refused } from '../../../src/watch/channels/channel.ts'
import { EmailChannel } from '../../../src/watch/channels/email.ts'
import { channelsOf } from '../../../src/watch/channels/open.ts'
import { Outbox } from '../../../src/watch/outbox.ts'
import { alertMessage, headerOf, MailServer } from '../../support/servers/alert-receivers.ts'

const HOUSE = 'http://house.example:8080'
const FROM = 'tickhouse@example.com'

const ME = 'me@example.com'

const routeTo = (port: number, login = '', sendMsMax?: number) =>
  new EmailChannel({
    smtp: `smtp://${login}127.0.0.1:${port}`,
    from: FROM,
    recipient: ME,
    to: ME,
    ...(sendMsMax && { sendMsMax }),
  })
/** As a configuration has them. */
const routesTo = (port: number, to: string) =>
  channelsOf({ ...parseConfig({}, {}), ALERT_SMTP: `smtp://127.0.0.1:${port}`, ALERT_EMAIL: to })

test('has what is wrong as its subject, and since when, what is affected and what to do in its text', async t => {
  const server = await MailServer.open(t)
  await routeTo(server.port).send(alertMessage('opened'), HOUSE)
  const [mail] = server.mails
  assert.equal(headerOf(mail!, 'subject'), '[tickhouse] CRITICAL binance BTCUSDT has no new ticks')
  assert.equal(mail!.from, FROM)
  assert.deepEqual(mail!.to, ['me@example.com'])
  const text = mail!.text.replaceAll('=\r\n', '')
  for (const part of [
    'The newest tick is 60 s old.',
    'Since 2026-11-25 12:00:00 UTC (60 s).',
    'Affected: binance BTCUSDT',
    'What to do: See whether the venue trades.',
    'docs/watch.md#stale',
    HOUSE,
  ])
    assert.ok(text.includes(part), `${part}\n${text}`)
  assert.equal(headerOf(mail!, 'x-priority'), '1 (Highest)')
})

test('the closing mail has the duration, and not what to do', async t => {
  const server = await MailServer.open(t)
  await routeTo(server.port).send(alertMessage('closed'), HOUSE)
  const [mail] = server.mails
  assert.match(headerOf(mail!, 'subject')!, /RESOLVED over: binance/)
  assert.match(mail!.text, /is over after 60 s/)
  assert.doesNotMatch(mail!.text, /What to do/)
  assert.notEqual(headerOf(mail!, 'x-priority'), '1 (Highest)')
})

test('all mails of one incident form one thread; each has its own id, the same when sent again', async t => {
  const server = await MailServer.open(t)
  const channel = routeTo(server.port)
  for (const kind of ['opened', 'repeated', 'closed', 'closed'] as const) await channel.send(alertMessage(kind), HOUSE)
  const [opened, repeated, closed, again] = server.mails.map(mail => ({
    id: headerOf(mail, 'message-id'),
    replies: headerOf(mail, 'in-reply-to'),
    references: headerOf(mail, 'references'),
  }))
  assert.match(opened!.id!, /^<stale-1764072000000-opened@example.com>$/)
  assert.equal(opened!.replies, undefined)
  for (const later of [repeated, closed]) {
    assert.equal(later!.replies, opened!.id)
    assert.equal(later!.references, opened!.id)
  }
  assert.equal(new Set([opened!.id, repeated!.id, closed!.id]).size, 3)
  assert.deepEqual(again, closed)
})

test('each of several recipients gets the same mail, which names all of them', async t => {
  const server = await MailServer.open(t)
  const to = '"Smith, J" <j@example.com>, you@example.com, j@example.com'
  const channels = routesTo(server.port, to)
  assert.deepEqual(
    channels.map(({ name }) => name),
    ['mail to j@example.com', 'mail to you@example.com'],
  )
  for (const channel of channels) await channel.send(alertMessage('opened'), HOUSE)
  assert.deepEqual(
    server.mails.map(mail => mail.to),
    [['j@example.com'], ['you@example.com']],
  )
  for (const name of ['message-id', 'to', 'from', 'subject']) {
    const [one, other] = server.mails.map(mail => headerOf(mail, name))
    assert.ok(one)
    assert.equal(one, other)
  }
  assert.match(headerOf(server.mails[0]!, 'to')!, /j@example.com.*you@example.com/)
  assert.equal(headerOf(server.mails[0]!, 'from'), 'j@example.com')
})

describe('a server that accepts a mail for some recipients', () => {
  const failuresOf = (port: number, to: string) =>
    Promise.all(
      routesTo(port, to).map(channel =>
        channel.send(alertMessage('opened'), HOUSE).then(
          () => undefined,
          (error: Error) => error,
        ),
      ),
    )

  test('delivers to those, and the others are refused: temporarily or permanently', async t => {
    const server = await MailServer.openPicky(t)
    const failures = await failuresOf(server.port, 'me@example.com, 450@example.com, 550@example.com')
    assert.deepEqual(
      server.mails.map(mail => mail.to),
      [['me@example.com']],
    )
    const [taken, forNow, permanent] = failures
    assert.equal(taken, undefined)
    assert.match(forNow!.message, /^refused temporarily: 450 .*not this one/)
    assert.ok(!(forNow instanceof Refused))
    assert.match(permanent!.message, /^refused permanently: 550 .*not this one/)
    assert.ok(permanent instanceof Refused && permanent.permanent)
  })

  test('gets the mail again for temporarily refused recipients only', async t => {
    const server = await MailServer.openPicky(t)
    const events: [string, unknown][] = []
    const outbox = new Outbox(
      routesTo(server.port, 'me@example.com, 450@example.com, 550@example.com'),
      HOUSE,
      (name, { channel }) => events.push([name, channel]),
      [],
    )
    outbox.add([alertMessage('opened')])
    await outbox.send(0)
    assert.deepEqual(
      outbox.unsent.map(({ channels }) => channels),
      [['mail to 450@example.com']],
    )
    assert.deepEqual(events.sort(), [
      ['alert_refused', 'mail to 550@example.com'],
      ['alert_unsent', 'mail to 450@example.com'],
    ])
    await outbox.send(3_600_000)
    assert.equal(server.mails.length, 1)
    assert.deepEqual(events.slice(2), [['alert_unsent', 'mail to 450@example.com']])
  })
})

test('a symbol name adds neither header nor recipient', async t => {
  const server = await MailServer.open(t)
  const title = 'X\r\nBcc: thief@example.com\r\n\r\nSubject: other\u0000\u2028 ∆ 💥'
  await routeTo(server.port).send(alertMessage('opened', { title, name: 'stale' }), HOUSE)
  const [mail] = server.mails
  assert.deepEqual(mail!.to, ['me@example.com'])
  assert.equal(headerOf(mail!, 'bcc'), undefined)
  const head = mail!.text.slice(0, mail!.text.indexOf('\r\n\r\n'))
  assert.equal(head.match(/^subject:/gim)!.length, 1)
  assert.ok(headerOf(mail!, 'content-type'), 'the head goes on to its end')
})

test('logs in as in the URL; the name of the channel contains neither user nor password', async t => {
  const onAuth: NonNullable<Parameters<typeof MailServer.open>[1]>['onAuth'] = (
    { username, password },
    _session,
    done,
  ) => (username === 'user@x' && password === 'pass:word' ? done(null, { user: username }) : done(new Error('not you')))
  const server = await MailServer.open(t, { onAuth, allowInsecureAuth: true })
  const channel = routeTo(server.port, 'user%40x:pass%3Aword@')
  await channel.send(alertMessage('opened'), HOUSE)
  assert.equal(server.mails[0]!.user, 'user@x')
  assert.doesNotMatch(`${channel.name} ${channel.reference}`, /user|pass|word/)

  const wrong = routeTo(server.port, 'user%40x:guessed@')
  await assert.rejects(wrong.send(alertMessage('opened'), HOUSE), error => {
    assert.match((error as Error).message, /not you|Invalid login/)
    assert.doesNotMatch((error as Error).message, /guessed/)
    return true
  })
})

test('a server with an untrusted certificate gets no mail unless the URL allows it', async t => {
  const server = await MailServer.open(t, { disabledCommands: ['AUTH'] })
  await assert.rejects(routeTo(server.port).send(alertMessage('opened'), HOUSE), /certificate/)
  assert.equal(server.mails.length, 0)
  const smtp = `smtp://127.0.0.1:${server.port}?tls.rejectUnauthorized=false`
  await new EmailChannel({ smtp, from: FROM, recipient: ME, to: ME }).send(alertMessage('opened'), HOUSE)
  assert.equal(server.mails[0]!.secure, true)
})

describe('rejects with a reason', () => {
  /** A server that answers with these lines, one per line that it receives. */
  async function speaking(
    t: TestContext,
    ...lines: (string | null)[]
  ): Promise<{ port: number; sockets: net.Socket[] }> {
    const sockets: net.Socket[] = []
    const server = net.createServer(socket => {
      sockets.push(socket)
      socket.on('error', () => {})
      const left = [...lines]
      const say = () => {
        const line = left.shift()
        if (line) socket.write(`${line}\r\n`)
      }
      socket.on('data', say)
      say()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    return { port: (server.address() as AddressInfo).port, sockets }
  }

  test('if nothing listens', async t => {
    const { port } = await speaking(t)
    const closed = net.createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const free = (closed.address() as AddressInfo).port
    closed.close()
    await once(closed, 'close')
    assert.notEqual(port, free)
    await assert.rejects(routeTo(free).send(alertMessage('opened'), HOUSE), /ECONNREFUSED/)
  })

  test('if the recipient is unknown', async t => {
    const server = await MailServer.open(t, {
      onRcptTo: (_address, _session, done) => done(new Error('no such person')),
    })
    await assert.rejects(routeTo(server.port).send(alertMessage('opened'), HOUSE), /no such person/)
    assert.deepEqual(server.mails, [])
  })

  test('if the server refuses the connection', async t => {
    const { port } = await speaking(t, '421 come back later')
    await assert.rejects(routeTo(port).send(alertMessage('opened'), HOUSE), /421 come back later/)
  })

  for (const [what, lines] of [
    ['immediately', [null]],
    ['after its greeting', ['220 hello', null]],
    ['in the middle', ['220 hello', '250 fine', '250 fine', null]],
  ] as const)
    test(`if the server stops answering ${what}, and leaves no connection`, async t => {
      const { port, sockets } = await speaking(t, ...lines)
      await assert.rejects(routeTo(port, '', 300).send(alertMessage('opened'), HOUSE), /no answer within 0.3 s/)
      await Promise.all(sockets.map(socket => socket.closed || once(socket, 'close')))
    })

  test('if the server sends a line now and then, forever', async t => {
    const { port, sockets } = await speaking(t, '220-wait')
    const talk = setInterval(() => sockets.at(-1)?.write('220-wait\r\n'), 50)
    t.after(() => clearInterval(talk))
    await assert.rejects(routeTo(port, '', 500).send(alertMessage('opened'), HOUSE), /no answer within 0.5 s/)
  })
})
