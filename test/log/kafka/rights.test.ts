/** What a user sees who lacks a right at the brokers: words, and never a wait without end. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import kafkajs, { type AclResourceTypes } from 'kafkajs'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import { administer } from '../../support/servers/kafka/administer.ts'
import { startKafka } from '../../support/servers/kafka/kafka.ts'

const { AclOperationTypes, AclPermissionTypes, ResourcePatternTypes } = kafkajs
const { GROUP, TOPIC } = kafkajs.AclResourceTypes

const kafka = await startKafka(
  { after },
  {
    properties: {
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'true',
    },
  },
)

async function deny(resourceType: AclResourceTypes, resourceName: string): Promise<void> {
  const whose = { principal: 'User:ANONYMOUS', host: '*', resourcePatternType: ResourcePatternTypes.LITERAL }
  const what = { operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.DENY }
  const acl = { resourceType, resourceName, ...whose, ...what }
  // Describing is still allowed: else the topic would not be there at all.
  const describing = { ...acl, operation: AclOperationTypes.DESCRIBE, permissionType: AclPermissionTypes.ALLOW }
  await administer(kafka.hosts, admin => admin.createAcls({ acl: [acl, describing] }))
}

describe('without an ACL', { skip: kafka.missing, timeout: 600_000 }, () => {
  test('on the group, joining is refused', async t => {
    const address = kafka.address({ partitions: 1, group: 'closed' })
    const log = await openKafkaLog(address, 'write')
    t.after(() => log.close())
    await deny(GROUP, 'closed')
    const listener = { onAssigned: () => {}, onRevoked: async () => {} }
    const stop = new AbortController()
    t.after(() => stop.abort())
    await assert.rejects(log.join(listener, stop.signal), { code: 'log_refused', retryable: false })
  })

  test('on a topic, reading is refused', async t => {
    const address = kafka.address({ partitions: 1 })
    const log = await openKafkaLog(address, 'write')
    t.after(() => log.close())
    const topic = `${new URLSearchParams(address.split('?')[1]).get('topicPrefix')}trades`
    await deny(TOPIC, topic)
    const stop = new AbortController()
    t.after(() => stop.abort())
    await assert.rejects(log.read(0, 0, stop.signal).next(), { code: 'log_refused', message: new RegExp(topic) })
  })
})
