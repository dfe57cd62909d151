import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { channelsOf } from '../../../src/watch/channels/open.ts'
import { WebhookChannel } from '../../../src/watch/channels/webhook.ts'
import { alertMessage, HttpReceiver } from '../../support/servers/alert-receivers.ts'

const HOUSE = 'http://house.example:8080'

test('JSON has all fields', async t => {
  const receiver = await HttpReceiver.open(t)
  const channel = new WebhookChannel(`${receiver.url}/secret-path?key=secret`)
  await channel.send(alertMessage('closed'), HOUSE)
  const [posted] = receiver.posted
  assert.equal(posted!.path, '/secret-path?key=secret')
  assert.equal(posted!.headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(posted!.body), {
    id: 'stale-1764072000000-closed-1795608060000',
    occurrence: 'stale-1764072000000',
    kind: 'closed',
    name: 'stale',
    severity: 'critical',
    title: 'binance BTCUSDT has no new ticks',
    what: 'The newest tick is 60 s old.',
    since: '2026-11-25T12:00:00.000Z',
    at: '2026-11-25T12:01:00.000Z',
    lasted_seconds: 60,
    affected: ['binance BTCUSDT'],
    next: 'See whether the venue trades.',
    page: 'docs/watch.md#stale',
    house: HOUSE,
  })
})

test('the name contains no secret', () => {
  for (const address of ['https://user:secret@h.example/secret', 'slack+https://h.example/secret?x=secret']) {
    const { name, reference } = new WebhookChannel(address)
    assert.doesNotMatch(name + reference, /secret/)
    assert.match(name, / at h\.example$/)
  }
})

test('a login in the URL is sent as basic authentication', async t => {
  const receiver = await HttpReceiver.open(t)
  await new WebhookChannel(`http://us%40er:pass%3Aword@127.0.0.1:${receiver.port}/`).send(alertMessage('opened'), HOUSE)
  const login = receiver.posted[0]!.headers.authorization!
  assert.equal(Buffer.from(login.replace('Basic ', ''), 'base64').toString(), 'us@er:pass:word')
})

test('two chats of one provider have different names, the same each time', () => {
  const config = {
    ...parseConfig({}, {}),
    ALERT_WEBHOOKS: ['slack', 'slack', 'discord', 'slack'].map((chat, index) => `${chat}+https://h.example/${index}`),
  }
  const names = channelsOf(config).map(({ name }) => name)
  assert.deepEqual(names, [
    'slack at h.example',
    'slack at h.example (2)',
    'discord at h.example',
    'slack at h.example (3)',
  ])
})

describe('in the format of chat services', () => {
  const HOSTILE = '<!channel> <@U1> &amp; *bold* _it_ `code` [x](http://evil.example) @everyone \\'

  async function posted(t: Parameters<typeof HttpReceiver.open>[0], shape: string, query = '', fields = {}) {
    const receiver = await HttpReceiver.open(t)
    await new WebhookChannel(`${shape}+${receiver.url}/hook${query}`).send(alertMessage('opened', fields), HOUSE)
    return JSON.parse(receiver.posted[0]!.body) as Record<string, unknown>
  }

  test('Slack: text without formatting and mentions', async t => {
    const { text, mrkdwn, ...rest } = await posted(t, 'slack', '', { title: HOSTILE })
    assert.equal(mrkdwn, false)
    assert.deepEqual(rest, {})
    assert.doesNotMatch(text as string, /[<>]|&(?!amp;|lt;|gt;)/)
    assert.match(text as string, /^\[tickhouse\] CRITICAL &lt;!channel&gt; &lt;@U1&gt; &amp;amp;/)
  })

  test('Discord: formatting escaped, mentions off, 2,000 characters', async t => {
    const { content, allowed_mentions } = await posted(t, 'discord', '', { title: HOSTILE })
    assert.deepEqual(allowed_mentions, { parse: [] })
    assert.match(content as string, /\\\*bold\\\* \\_it\\_ \\`code\\` \\\[x\\\]/)
    const long = await posted(t, 'discord', '', { what: '💥'.repeat(5_000) })
    assert.equal((long.content as string).length, 2_000)
    assert.ok((long.content as string).isWellFormed())
  })

  test('Telegram: to the chat of the URL, plain, 4,096 characters', async t => {
    const { chat_id, text, ...rest } = await posted(t, 'telegram', '?chat_id=-100', { title: HOSTILE })
    assert.equal(chat_id, '-100')
    assert.ok((text as string).includes(HOSTILE))
    assert.equal('parse_mode' in rest, false)
    for (const [index] of [0, 1].entries()) {
      const long = await posted(t, 'telegram', '?chat_id=1', { what: `${'x'.repeat(index)}${'💥'.repeat(5_000)}` })
      assert.equal((long.text as string).length, 4_096)
      assert.ok((long.text as string).isWellFormed())
    }
  })
})

describe('rejects with a reason', () => {
  const sent = (receiver: HttpReceiver, sendMsMax?: number) =>
    new WebhookChannel(`${receiver.url}/secret`, sendMsMax).send(alertMessage('opened'), HOUSE)

  test('a refused message, with the answer', async t => {
    const receiver = await HttpReceiver.open(t)
    receiver.answer = response => response.writeHead(500).end(`no${'!'.repeat(10_000)}`)
    await assert.rejects(sent(receiver), error => {
      assert.match((error as Error).message, /^it answered with status 500: no!+$/)
      assert.ok((error as Error).message.length < 300)
      return true
    })
  })

  test('a redirect: the message must not go to another server', async t => {
    const [receiver, other] = [await HttpReceiver.open(t), await HttpReceiver.open(t)]
    receiver.answer = response => response.writeHead(307, { location: other.url }).end()
    await assert.rejects(sent(receiver), /redirect/)
    assert.deepEqual(other.posted, [])
  })

  test('a broken connection, without the secret URL', async t => {
    const receiver = await HttpReceiver.open(t)
    receiver.answer = response => response.destroy()
    await assert.rejects(sent(receiver), error => {
      assert.doesNotMatch((error as Error).message, /secret/)
      return true
    })
  })

  test('no answer', async t => {
    const receiver = await HttpReceiver.open(t)
    receiver.answer = () => {}
    await assert.rejects(sent(receiver, 300), /no answer within 0.3 s/)
  })

  test('an answer that never ends counts as accepted', async t => {
    const receiver = await HttpReceiver.open(t)
    receiver.answer = response => response.writeHead(200).write('o')
    await sent(receiver, 300)
  })
})
