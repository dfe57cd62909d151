/** What each role may do, read from the templates. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Resource, synthesize } from '../../../deploy/aws/testing.ts'
import { DEPLOYMENTS, filled, LOG_CLUSTER, SEAL_SECRET } from '../../support/deployments/aws.ts'

interface Statement {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, unknown>>
}

interface Right {
  action: string
  resources: string[]
  condition: Statement['Condition']
}

const list = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one])

/** The rights of roles whose names begin so, by action. */
function rightsOf(resources: Record<string, Resource>, start: string): Map<string, Right> {
  const policies = Object.values(resources).filter(
    ({ Type, Properties }) =>
      Type === 'AWS::IAM::Policy' && (Properties.Roles as { Ref: string }[]).some(({ Ref }) => Ref.startsWith(start)),
  )
  const statements = policies.flatMap(
    ({ Properties }) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
  )
  const rights = new Map<string, Right>()
  for (const { Effect, Action, Resource, Condition } of statements) {
    assert.equal(Effect, 'Allow')
    for (const action of list(Action)) {
      const resources = list(Resource).map(filled)
      const before = rights.get(action)
      rights.set(action, { action, resources: [...(before?.resources ?? []), ...resources], condition: Condition })
    }
  }
  return rights
}

const actionsOf = (rights: Map<string, Right>, service: string) =>
  [...rights.keys()].filter(action => action.startsWith(`${service}:`)).sort()

const topic = (name: string) => `${LOG_CLUSTER.replace(':cluster/', ':topic/')}/${name}`
const READ = ['Connect', 'DescribeCluster', 'DescribeTopic', 'DescribeTopicDynamicConfiguration', 'ReadData']
const kafka = (...actions: string[]) => [...READ, ...actions].map(action => `kafka-cluster:${action}`).sort()

describe('size M', () => {
  const { resources } = synthesize(DEPLOYMENTS.M!)
  const of = (stage: string) => rightsOf(resources, `${stage}TaskTaskRole`)

  test('the recorder appends to the log, and creates its topics', () => {
    const rights = of('Record')
    assert.deepEqual(actionsOf(rights, 'kafka-cluster'), kafka('CreateTopic', 'WriteData', 'WriteDataIdempotently'))
    assert.deepEqual(
      rights.get('kafka-cluster:WriteData')!.resources.sort(),
      ['quotes', 'stations', 'trades'].map(topic),
    )
  })

  test('ingest reads the log; it writes its place in the group, and messages to the recorders, never ticks', () => {
    const rights = of('Ingest')
    assert.deepEqual(
      actionsOf(rights, 'kafka-cluster'),
      kafka('AlterGroup', 'DescribeGroup', 'WriteData', 'WriteDataIdempotently'),
    )
    assert.deepEqual(rights.get('kafka-cluster:WriteData')!.resources, [topic('stations')])
    assert.deepEqual(rights.get('kafka-cluster:AlterGroup')!.resources, [
      `${LOG_CLUSTER.replace(':cluster/', ':group/')}/tickhouse`,
    ])
  })

  test('serve reads; it writes requests to the recorders, never ticks', () => {
    const rights = of('Serve')
    assert.deepEqual(actionsOf(rights, 'kafka-cluster'), kafka('WriteData', 'WriteDataIdempotently'))
    assert.deepEqual(rights.get('kafka-cluster:WriteData')!.resources, [topic('stations')])
  })

  test('the archiver writes and reads objects below its prefix; without retention it trims nothing', () => {
    const rights = of('Archive')
    assert.deepEqual(actionsOf(rights, 's3'), [
      's3:AbortMultipartUpload',
      's3:GetObject',
      's3:ListBucket',
      's3:ListBucketMultipartUploads',
      's3:PutObject',
    ])
    for (const action of ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'])
      for (const resource of rights.get(action)!.resources)
        assert.match(resource, /^arn:aws:s3:::databucket\w+\/market\/\*$/)
    assert.deepEqual(rights.get('s3:ListBucket')!.condition, { StringLike: { 's3:prefix': ['market/*'] } })
    assert.deepEqual(actionsOf(rights, 'kms'), ['kms:Decrypt', 'kms:GenerateDataKey'])
    assert.deepEqual(actionsOf(rights, 'kafka-cluster'), kafka())
  })

  test('the watcher has no right at all, and only serve and archive can be entered', () => {
    assert.deepEqual([...of('Watch').keys()], [])
    for (const stage of ['Record', 'Ingest']) assert.deepEqual(actionsOf(of(stage), 'ssmmessages'), [])
    for (const stage of ['Serve', 'Archive']) assert.ok(actionsOf(of(stage), 'ssmmessages').length > 0)
  })

  test('only the archiver has a right in S3', () => {
    for (const stage of ['Record', 'Ingest', 'Serve', 'Watch']) assert.deepEqual(actionsOf(of(stage), 's3'), [])
  })
})

test('the machine attaches its own disk, to machines of this deployment, and sends metrics of this program', () => {
  const { resources } = synthesize(DEPLOYMENTS.S!)
  const rights = rightsOf(resources, 'MachineBoxRole')
  const { resources: on, condition } = rights.get('ec2:AttachVolume')!
  assert.deepEqual(on.map(arn => arn.replace(/.*:/, '')).sort(), ['instance/*', 'volume/machineboxdisk8ba4ff3e'])
  assert.deepEqual(condition, { StringEquals: { 'aws:ResourceTag/tickhouse': 'tickhouse' } })
  // Without it EC2 cannot use the key of an encrypted disk.
  assert.equal(rights.get('kms:CreateGrant')!.condition!.Bool!['kms:GrantIsForAWSResource'], true)
  assert.deepEqual(rights.get('cloudwatch:PutMetricData')!.condition, {
    StringEquals: { 'cloudwatch:namespace': 'tickhouse' },
  })
})

test('with retention the archiver also removes archived records from the topics of ticks', () => {
  const { resources } = synthesize(DEPLOYMENTS['M, private, everything set']!)
  const rights = rightsOf(resources, 'ArchiveTaskTaskRole')
  assert.deepEqual(rights.get('kafka-cluster:DeleteTopic')!.resources.sort(), [topic('quotes'), topic('trades')])
})

test('a recorder alone has the rights of a recorder, on the log in another region', () => {
  const { resources } = synthesize(DEPLOYMENTS.recorders!)
  const rights = rightsOf(resources, 'RecordTaskTaskRole')
  assert.deepEqual(actionsOf(rights, 'kafka-cluster'), kafka('CreateTopic', 'WriteData', 'WriteDataIdempotently'))
  assert.deepEqual(rights.get('kafka-cluster:Connect')!.resources, [LOG_CLUSTER])
})

for (const [name, settings] of Object.entries(DEPLOYMENTS)) {
  const { resources } = synthesize(settings)

  test(`${name}: no role of a task may delete an object, bypass its lock, or do everything of a service`, () => {
    const roles = Object.keys(resources).filter(
      role => /TaskRole\w*$/.test(role) && resources[role]!.Type.endsWith('Role'),
    )
    assert.ok(roles.length > 0)
    for (const role of roles)
      for (const { action, resources: on } of rightsOf(resources, role).values()) {
        assert.doesNotMatch(action, /\*|s3:(Delete|Bypass)|:Put\w*Policy|iam:|Lifecycle/, role)
        if (!action.startsWith('ssmmessages:')) assert.ok(!on.includes('*'), `${role}: ${action} on everything`)
      }
  })

  test(`${name}: only the role that starts the stage which archives may read the key that seals`, () => {
    const policies = Object.values(resources).filter(
      ({ Type, Properties }) => Type.startsWith('AWS::IAM::') && JSON.stringify(Properties).includes(SEAL_SECRET),
    )
    const roles = policies.flatMap(({ Properties }) => (Properties.Roles as { Ref: string }[]).map(({ Ref }) => Ref))
    assert.deepEqual(
      roles.map(role => role.replace(/TaskExecutionRole\w*$/, '')),
      settings.sealKeySecret ? [settings.size === 'S' ? 'Machine' : 'Archive'] : [],
    )
    for (const { Properties } of policies)
      for (const { Action, Resource } of (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
        if (list(Action).some(action => action.startsWith('secretsmanager:'))) {
          assert.deepEqual(list(Action).sort(), ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'])
          assert.doesNotMatch(JSON.stringify(Resource), /\*/)
        }
  })

  test(`${name}: nobody can come in from outside`, () => {
    for (const [id, { Type, Properties }] of Object.entries(resources)) {
      const rules =
        Type === 'AWS::EC2::SecurityGroup'
          ? ((Properties.SecurityGroupIngress ?? []) as Record<string, unknown>[])
          : Type === 'AWS::EC2::SecurityGroupIngress'
            ? [Properties]
            : []
      for (const rule of rules) {
        if (rule.SourceSecurityGroupId !== undefined) continue
        assert.match(JSON.stringify(rule.CidrIp), /CidrBlock/, `${id}: only the endpoints, from within the VPC`)
      }
    }
  })
}
