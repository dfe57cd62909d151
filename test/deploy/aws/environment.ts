/** The stages accept the settings that their task definitions give them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Resource, synthesize } from '../../../deploy/aws/testing.ts'
import { parseS3Address } from '../../../src/archive/targets/s3/address.ts'
import { type CommandName, settingsOf } from '../../../src/commands/settings.ts'
import { parseConfig } from '../../../src/config.ts'
import { parseKafkaAddress } from '../../../src/log/kafka/address.ts'
import { newPrivateKey, parsePrivateKey } from '../../../src/proof/keys.ts'
import { parseStoreAddress } from '../../../src/store/address.ts'
import { DEPLOYMENTS, filled, generatedSecret } from '../../support/deployments/aws.ts'

interface Container {
  Name: string
  Image: unknown
  Command?: string[]
  Environment?: { Name: string; Value: unknown }[]
  Secrets?: { Name: string; ValueFrom: unknown }[]
}

const containersOf = (resources: Record<string, Resource>): Container[] =>
  Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::ECS::TaskDefinition')
    .flatMap(({ Properties }) => Properties.ContainerDefinitions as Container[])

/** What is in a secret: generated, or an address that the template puts together; of a secret of the user, `given`. */
function contentOf(valueFrom: unknown, resources: Record<string, Resource>, given: string): string {
  const secret = resources[(valueFrom as { Ref?: string }).Ref ?? '']
  if (secret === undefined) return given
  const { SecretString, GenerateSecretString } = secret.Properties
  assert.ok(GenerateSecretString !== undefined || filled(SecretString) !== SecretString, 'no secret is in the template')
  return SecretString === undefined ? generatedSecret : filled(SecretString)
}

const OF_THE_USER: Record<string, string> = {
  TICKHOUSE_STORE: 'https://ticks:secret@clickhouse.example:8443/market',
  TICKHOUSE_LOG: 'kafka://alice:secret@broker.example:9096?tls=1&sasl=scram-sha-512',
  TICKHOUSE_SEAL_PRIVATE_KEY: newPrivateKey(),
  TICKHOUSE_ALERT_WEBHOOKS: 'slack+https://hooks.example/1',
}

for (const [name, settings] of Object.entries(DEPLOYMENTS)) {
  describe(name, () => {
    const { resources } = synthesize(settings)
    const stages = containersOf(resources).filter(({ Command }) => Command !== undefined)

    test('the archiver has the image with the engine, by which it reads back what it writes', () => {
      const [archive, serve] = ['archive', 'serve'].map(name => stages.find(({ Command }) => Command![0] === name))
      if (!archive) return
      assert.equal(settings.image === undefined, JSON.stringify(archive.Image) !== JSON.stringify(serve!.Image))
    })

    test('the key that seals is a secret of the stage that archives and of no other; without it M and L seal nothing', () => {
      for (const { Command, Environment = [], Secrets = [] } of stages) {
        const archives = ['archive', 'start'].includes(Command![0]!)
        const key = Secrets.find(({ Name }) => Name === 'TICKHOUSE_SEAL_PRIVATE_KEY')
        assert.equal(key?.ValueFrom, archives ? settings.sealKeySecret : undefined, Command![0])
        const off = Environment.some(({ Name, Value }) => Name === 'TICKHOUSE_SEAL_KEY' && Value === 'off')
        assert.equal(off, Command![0] === 'archive' && settings.sealKeySecret === undefined, Command![0])
      }
    })

    test('each stage accepts its environment, and takes every setting in it', () => {
      assert.deepEqual(
        stages.map(({ Command }) => Command!.join(' ')).sort(),
        settings.size === 'S'
          ? ['start']
          : settings.size === 'recorders'
            ? ['record']
            : ['archive', 'ingest', 'record', 'serve', 'watch'],
      )
      for (const { Command, Environment = [], Secrets = [] } of stages) {
        const command = Command![0] as CommandName
        const environment = Object.fromEntries([
          ...Environment.map(({ Name, Value }) => [Name, filled(Value)]),
          ...Secrets.map(({ Name, ValueFrom }) => [
            Name,
            contentOf(ValueFrom, resources, OF_THE_USER[Name] ?? 'a-secret-of-an-account'),
          ]),
        ]) as Record<string, string>
        const config = parseConfig({}, environment)
        const taken = settingsOf(command).map(setting => `TICKHOUSE_${setting}`)
        const given = Object.keys(environment).filter(key => key.startsWith('TICKHOUSE_'))
        assert.deepEqual(
          given.filter(key => !taken.includes(key)),
          [],
          command,
        )
        assert.equal(config.LOG_FORMAT, 'json')
        assert.equal(
          ['start', 'ingest', 'serve'].includes(command) ? config.LISTEN : config.METRICS_LISTEN,
          '0.0.0.0:8080',
        )
        if (command !== 'start' && command !== 'watch') parseKafkaAddress(config.LOG)
        if (['ingest', 'serve', 'archive'].includes(command)) assert.ok('url' in parseStoreAddress(config.STORE))
        if (['start', 'archive'].includes(command)) {
          assert.equal(parseS3Address(config.ARCHIVE).prefix, 'market/')
          if (config.SEAL_PRIVATE_KEY) parsePrivateKey(config.SEAL_PRIVATE_KEY)
          assert.equal(config.LOG_KEEP_HOURS, settings.logKeepHours && Number(settings.logKeepHours))
        }
        if (settings.accounts) assert.equal(config.ALPACA_SECRET, 'a-secret-of-an-account')
      }
    })

    test('a secret is a reference: no value of the environment and no secret of the template has its text', () => {
      for (const { Environment = [] } of containersOf(resources))
        for (const { Name, Value } of Environment) {
          assert.doesNotMatch(Name, /TOKEN|PRIVATE_KEY|PASSWORD|SECRET|_STORE$|WEBHOOKS/)
          assert.doesNotMatch(JSON.stringify(Value), /resolve:secretsmanager|:\/\/[^$/"]*:[^$/"]*@/)
        }
      for (const { Type, Properties } of Object.values(resources))
        if (Type === 'AWS::SecretsManager::Secret')
          assert.ok(
            Properties.GenerateSecretString ?? JSON.stringify(Properties.SecretString).includes('{{resolve:'),
            'a secret is generated by AWS',
          )
    })
  })
}
