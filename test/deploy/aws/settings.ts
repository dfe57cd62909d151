import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../../../deploy/aws/settings.ts'

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-b1c2d3'

test('without settings it is size S, in public subnets', () => {
  const { size, name, network, logKeepHours } = readSettings({})
  assert.deepEqual(
    { size, name, network, logKeepHours },
    { size: 'S', name: 'tickhouse', network: 'public', logKeepHours: undefined },
  )
})

test("CDK's own context is not a setting", () => {
  readSettings({ '@aws-cdk/core:checkSecretUsage': true, 'aws:cdk:enable-path-metadata': true })
})

test('a setting that is unknown, wrong or contradicts another is refused with what is right', () => {
  const wrong: [Record<string, string>, RegExp][] = [
    [{ sise: 'M' }, /unknown setting sise; known: size/],
    [{ size: 'XL' }, /size=XL: must be S, M, L or recorders/],
    [{ size: 'm' }, /must be S, M, L/],
    [{ logKeepHours: '0' }, /whole number from 1/],
    [{ storeSecret: 'hunter2' }, /ARN of a secret/],
    [{ storeSecret: ARN }, /size=S has no ClickHouse server/],
    [{ network: 'private' }, /one machine/],
    [{ size: 'recorders' }, /needs log or logSecret/],
    [{ size: 'recorders', log: 'kafka://a:9092', logSecret: ARN }, /one of them/],
    [{ size: 'recorders', log: 'kafka://user:hunter2@a:9092' }, /without a password/],
    [{ size: 'recorders', log: 'kafka://a:9098?tls=1&sasl=aws-msk-iam&region=eu-west-1' }, /logCluster/],
    [{ size: 'M', log: 'kafka://a:9092' }, /settings of size=recorders/],
    [{ sealKeySecret: 'MC4CAQAwBQYDK2VwBCIEI' }, /must be the ARN of a secret/],
    [{ size: 'recorders', logSecret: ARN, sealKeySecret: ARN }, /no archive to seal/],
    [{ accounts: 'ALPACA_KEY' }, /need each other/],
    [{ alarmEmail: 'ops' }, /mail address/],
  ]
  for (const [given, message] of wrong) assert.throws(() => readSettings(given), message)
})
