import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import { numbered, readRange } from '../../contracts/log.ts'
import { KAFKA_USER, startKafka } from '../../support/servers/kafka/kafka.ts'
import { unsignedToken } from '../../support/servers/kafka/token.ts'

const kafka = await startKafka({ after }, { own: true, secure: true })

/** Longer than the broker's sessions: clients must authenticate again. */
const SESSIONS_MS = 4_000
const TOKEN_MS = 8_000

function secretFile(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-secret-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'secret')
  writeFileSync(file, `${text}\n`)
  return file
}

describe('a broker with authentication', { skip: kafka.missing }, () => {
  const { saslPlaintext, saslSsl, ssl, certificates } = kafka.secure ?? ({} as NonNullable<typeof kafka.secure>)
  const { name, password } = KAFKA_USER
  const user = `${name}:${encodeURIComponent(password)}`
  const prefix = (): string => `topicPrefix=secure-${crypto.randomUUID()}.&partitions=1`

  /** Writes, reads and takes its share through a connection, and again after the time in which its session had to be renewed. */
  async function works(address: string, renewedMs = 0): Promise<void> {
    const log = await openKafkaLog(address, 'write')
    try {
      assert.doesNotMatch(log.address, /alice|horse|token/)
      await log.append(0, [numbered(1)])
      if (renewedMs > 0) await sleep(renewedMs)
      await log.append(0, [numbered(2)])
      assert.equal((await readRange(log, 0, 0, 2)).length, 2)
      const stop = new AbortController()
      const { promise: taken, resolve } = Promise.withResolvers<void>()
      const joined = log.join({ onAssigned: () => resolve(), onRevoked: async () => {} }, stop.signal)
      await taken
      stop.abort()
      await joined
    } finally {
      await log.close()
    }
  }

  const tls = () => `tls=1&ca=${certificates.ca}`

  test('TLS with a client certificate', async () => {
    await works(`kafka://${ssl}?${prefix()}&${tls()}&cert=${certificates.cert}&key=${certificates.key}`)
  })

  for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512']) {
    test(`SASL ${mechanism}, with TLS and without`, async () => {
      await works(`kafka://${user}@${saslSsl}?${prefix()}&${tls()}&sasl=${mechanism}`)
      await works(`kafka://${user}@${saslPlaintext}?${prefix()}&sasl=${mechanism}`)
    })
  }

  test('a password from a file, and a session that is renewed at run time', async t => {
    const file = secretFile(t, password)
    await works(
      `kafka://${saslSsl}?${prefix()}&${tls()}&sasl=scram-sha-256&user=${name}&passwordFile=${file}`,
      SESSIONS_MS,
    )
  })

  test('OAUTHBEARER with a token from a file, read again when the session expires', async t => {
    // Far longer than between two writes, so that none has expired when a busy machine presents it.
    const file = secretFile(t, unsignedToken(name, TOKEN_MS / 1000))
    const renewing = setInterval(() => writeFileSync(file, unsignedToken(name, TOKEN_MS / 1000)), 500)
    t.after(() => clearInterval(renewing))
    await works(`kafka://${saslSsl}?${prefix()}&${tls()}&sasl=oauthbearer&tokenFile=${file}`, TOKEN_MS + 1_500)
  })

  test('OAUTHBEARER with a token from a command', async t => {
    const command = encodeURIComponent(`cat ${secretFile(t, unsignedToken(name, 60))}`)
    await works(`kafka://${saslSsl}?${prefix()}&${tls()}&sasl=oauthbearer&tokenCommand=${command}`)
  })

  test('rejected credentials and certificates are a permanent error, with advice and without the secret', async t => {
    const expired = secretFile(t, unsignedToken(name, -60))
    const addresses = {
      [`kafka://alice:hunter2@${saslSsl}?${prefix()}&${tls()}&sasl=plain`]: /credentials/,
      [`kafka://alice:hunter2@${saslSsl}?${prefix()}&${tls()}&sasl=scram-sha-512`]: /credentials/,
      [`kafka://${saslSsl}?${prefix()}&${tls()}&sasl=oauthbearer&tokenFile=${expired}`]: /credentials/,
      [`kafka://${user}@${saslSsl}?${prefix()}&tls=1&sasl=plain`]: /TLS handshake failed/,
      [`kafka://${ssl}?${prefix()}&${tls()}`]: /./,
    }
    for (const [address, message] of Object.entries(addresses))
      await assert.rejects(
        openKafkaLog(address, 'write'),
        (error: { code: string; message: string; advice: string }) => {
          t.diagnostic(`${error.code}: ${error.message}`)
          assert.match(error.message, message)
          assert.doesNotMatch(error.message + error.advice, /hunter2/)
          if (message.source !== '.') assert.equal(error.code, 'log_refused')
          return true
        },
      )
  })

  test('a secret that cannot be read is named by its option', async () => {
    const address = `kafka://${saslSsl}?${prefix()}&${tls()}&sasl=plain&user=alice&passwordFile=/nowhere/secret`
    await assert.rejects(openKafkaLog(address, 'write'), { code: 'config_invalid', message: /passwordFile.*ENOENT/ })
    await assert.rejects(openKafkaLog(`kafka://${ssl}?tls=1&ca=/nowhere/ca`, 'write'), {
      code: 'config_invalid',
      message: /ca .*ENOENT/,
    })
  })
})
