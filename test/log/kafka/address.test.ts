import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKafkaAddress } from '../../../src/log/kafka/address.ts'

test('brokers and options are parsed, and options have defaults', () => {
  const address = parseKafkaAddress('kafka://one:9092,[::1]:9093?topicPrefix=market.&partitions=4&replication=2')
  assert.deepEqual(address.brokers, ['one:9092', '[::1]:9093'])
  assert.equal(address.topicPrefix, 'market.')
  assert.deepEqual([address.partitions, address.partitionsAtCreation, address.replication], [4, 4, 2])
  assert.equal(address.group, 'market.tickhouse')
  assert.equal(address.tls, undefined)
  assert.equal(address.credentials, undefined)
  const plain = parseKafkaAddress('kafka://one:9092')
  assert.deepEqual([plain.partitions, plain.partitionsAtCreation, plain.group], [undefined, 8, 'tickhouse'])
})

test('user and password come from the address or its options, with any character in a password', () => {
  const inUrl = parseKafkaAddress('kafka://alice:p%40ss%2Fw%3Ard@one:9092?sasl=scram-sha-512&tls=1')
  assert.deepEqual(inUrl.credentials, { mechanism: 'SCRAM-SHA-512', user: 'alice', password: 'p@ss/w:rd' })
  const inFile = parseKafkaAddress('kafka://one:9092?sasl=PLAIN&user=alice&passwordFile=/run/secrets/kafka')
  assert.deepEqual(inFile.credentials, {
    mechanism: 'PLAIN',
    user: 'alice',
    password: { file: '/run/secrets/kafka' },
  })
  const token = parseKafkaAddress('kafka://one:9092?sasl=oauthbearer&tokenCommand=sign+--region+eu')
  assert.deepEqual(token.credentials, { mechanism: 'OAUTHBEARER', token: { command: 'sign --region eu' } })
  const signed = parseKafkaAddress('kafka://one:9098?tls=1&sasl=aws-msk-iam&region=us-gov-west-1')
  assert.deepEqual(signed.credentials, { mechanism: 'OAUTHBEARER', token: { mskRegion: 'us-gov-west-1' } })
})

test('the shown address contains no user, password, file or command', () => {
  const { shown } = parseKafkaAddress(
    'kafka://alice:hunter2@one:9092?topicPrefix=a.&sasl=plain&tls=1&ca=/secret/ca&cert=/secret/c&key=/secret/k',
  )
  assert.equal(shown, 'kafka://one:9092?topicPrefix=a.')
})

test('an invalid address is refused with the reason, and without its secrets', () => {
  const addresses: Record<string, RegExp> = {
    'kafka://': /names no broker/,
    'kafka:one:9092': /not kafka:/,
    'kafka://hunter2': /host:port/,
    'kafka://one:9092?topics=hunter2': /unknown option "topics"/,
    'kafka://one:9092?topicPrefix=hunter2!': /topicPrefix/,
    'kafka://one:9092?partitions=0': /partitions must be/,
    'kafka://one:9092?tls=hunter2': /tls must be/,
    'kafka://one:9092?ca=hunter2': /need tls=1/,
    'kafka://one:9092?tls=1&cert=hunter2': /cert and key go together/,
    'kafka://alice:hunter2@one:9092': /needs sasl/,
    'kafka://alice:hunter2@one:9092?sasl=gssapi': /sasl must be one of/,
    'kafka://alice:hunter2@one:9092?sasl=constructor': /sasl must be one of/,
    'kafka://alice:hunter2%@one:9092?sasl=plain': /%25/,
    'kafka://alice@one:9092?sasl=plain': /needs a password/,
    'kafka://one:9092?sasl=plain&passwordFile=hunter2': /needs a user/,
    'kafka://one:9092?sasl=oauthbearer': /tokenFile or tokenCommand/,
    'kafka://one:9098?sasl=aws-msk-iam&region=eu-west-1': /needs tls=1/,
    'kafka://one:9098?tls=1&sasl=aws-msk-iam': /needs region=/,
    'kafka://one:9098?tls=1&sasl=aws-msk-iam&region=hunter2.example': /needs region=/,
    'kafka://alice:hunter2@one:9098?tls=1&sasl=aws-msk-iam&region=eu-west-1': /provider chain/,
    'kafka://one:9098?tls=1&region=eu-west-1': /region needs sasl/,
  }
  for (const [address, message] of Object.entries(addresses))
    assert.throws(
      () => parseKafkaAddress(address),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'address_invalid')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      },
      address,
    )
})
