/** The rights of each stage at the log, granted at a broker that refuses everything else: each stage does its work. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type AclEntry, type AclOperationTypes, type AclResourceTypes } from 'kafkajs'
import { GROUP, RIGHTS, RIGHTS_OF, type Role, STATUS_TOPIC, TICK_TOPICS } from '../../deploy/aws/rights.ts'
import { KnownMarket } from '../support/data/market.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { administer } from '../support/servers/kafka/administer.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'
import { unsignedToken } from '../support/servers/kafka/token.ts'

const { AclOperationTypes: OPERATION, AclPermissionTypes, AclResourceTypes: RESOURCE, ResourcePatternTypes } = kafkajs

const kafka = await startKafka(
  { after },
  {
    own: true,
    secure: true,
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The listener without authentication is the administrator's, and the broker's own.
      'super.users': 'User:ANONYMOUS',
    },
  },
)

/** Amazon's own table: https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html */
const ACL_OF: Record<string, AclOperationTypes | null> = {
  Connect: null,
  DescribeCluster: OPERATION.DESCRIBE,
  CreateTopic: OPERATION.CREATE,
  DescribeTopic: OPERATION.DESCRIBE,
  DescribeTopicDynamicConfiguration: OPERATION.DESCRIBE_CONFIGS,
  ReadData: OPERATION.READ,
  WriteData: OPERATION.WRITE,
  WriteDataIdempotently: OPERATION.IDEMPOTENT_WRITE,
  AlterGroup: OPERATION.READ,
  DescribeGroup: OPERATION.DESCRIBE,
}

type Place = [AclResourceTypes, string]
const topics = (names: readonly string[]): Place[] => names.map(name => [RESOURCE.TOPIC, name])
const PLACES: Record<string, Place[]> = {
  cluster: [[RESOURCE.CLUSTER, 'kafka-cluster']],
  topics: topics([...TICK_TOPICS, STATUS_TOPIC]),
  'status topic': topics([STATUS_TOPIC]),
  group: [[RESOURCE.GROUP, GROUP]],
}

function aclsOf(role: Role): AclEntry[] {
  return RIGHTS_OF[role]
    .filter(right => right.startsWith('log:'))
    .flatMap(right => [...RIGHTS[right]])
    .flatMap(({ actions, on }) => actions.flatMap(action => PLACES[on]!.map(place => ({ action, place }))))
    .flatMap(({ action, place: [resourceType, resourceName] }) => {
      const operation = ACL_OF[action.replace('kafka-cluster:', '')]
      assert.notEqual(operation, undefined, `${action} has no operation of Kafka here`)
      if (operation === null) return []
      const who = { principal: `User:${role}`, host: '*', permissionType: AclPermissionTypes.ALLOW }
      return {
        ...who,
        resourceType,
        resourceName,
        resourcePatternType: ResourcePatternTypes.LITERAL,
        operation: operation!,
      }
    })
}

async function revokeWrite(principal: string, topic: string): Promise<void> {
  const filter = {
    resourceType: RESOURCE.TOPIC,
    resourceName: topic,
    resourcePatternType: ResourcePatternTypes.LITERAL,
  }
  const operation = { operation: OPERATION.WRITE, permissionType: AclPermissionTypes.ALLOW }
  await administer(kafka.hosts, admin => admin.deleteAcls({ filters: [{ ...filter, ...operation, principal }] }))
}

describe('with the rights of its role and no others', { skip: kafka.missing, timeout: 600_000 }, () => {
  test('a recorder records, ingest stores and lists gaps, the recorder repairs them; refused, the list is an error in the log', async t => {
    const directory = mkdtempSync(join(tmpdir(), 'tickhouse-rights-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const addressOf = (role: Role) => {
      const file = join(directory, role)
      writeFileSync(file, unsignedToken(role, 3_600))
      return `kafka://${kafka.secure!.saslPlaintext}?partitions=2&sasl=oauthbearer&tokenFile=${file}`
    }
    await administer(kafka.hosts, admin => admin.createAcls({ acl: [...aclsOf('record'), ...aclsOf('ingest')] }))
    const market = await KnownMarket.start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed: 21, ratePerSecond: 300 })
    t.after(() => market[Symbol.asyncDispose]())
    const instance = new TestInstance(t, { ...market.settings, SIMULATOR_REST: market.exchange.restUrl })
    const recorder = instance.run('record', { LOG: addressOf('record') })
    await recorder.waitFor('connection_opened')
    const storing = instance.run('ingest', { LOG: addressOf('ingest') })
    await storing.waitFor('ingest_started')
    const gaps = async () => {
      const query = 'SELECT toString(state) AS state FROM gaps FINAL FORMAT JSONEachRow'
      const answer = await fetch(`${await storing.url()}/api/query`, { method: 'POST', body: query })
      const text = await answer.text()
      return text.split('\n').flatMap(line => (line ? [(JSON.parse(line) as { state: string }).state] : []))
    }
    market.run()
    await sleep(1_000)
    market.exchange.control('drop', { trades: 100 })
    await within(WAIT_MS_MAX, async () => {
      const states = await gaps()
      return states.length > 0 && states.every(state => state === 'repaired') ? undefined : `gaps: ${states}`
    })
    assert.deepEqual(storing.logged('gaps_unlisted'), [])

    await revokeWrite('User:ingest', STATUS_TOPIC)
    // The broker may apply it after it has answered: until then, gaps are listed and repaired.
    await within(WAIT_MS_MAX, async () => {
      market.exchange.control('drop', { trades: 100 })
      await sleep(2_000)
      return storing.logged('gaps_unlisted').length > 0 ? undefined : 'gaps are listed'
    })
    const { missing, why } = await storing.waitFor('gaps_unlisted')
    assert.ok(Number(missing) > 0)
    assert.match(String(why), /the brokers deny access/)
    market.pause()
    await storing.drained()
    assert.ok((await gaps()).includes('open'))
    assert.equal(storing.logged('gaps_unlisted').length, 1, 'reported once, not each second')
    assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
    assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  })
})
