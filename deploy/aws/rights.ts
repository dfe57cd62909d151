/**
 * Which stage may do what. The task roles are made from these tables and from nothing else; what is not here is
 * refused. The execution roles, which pull the image, read secrets and write the log, are CDK's.
 */
import { Fn } from 'aws-cdk-lib'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Stage } from './sizes.ts'

export type Role = Stage | 'start'

export interface Archive {
  bucketArn: string
  /** Name of the bucket in the template. */
  bucketId: string
  keyArn: string
  prefix: string
}

/** The resources of a deployment that a right can be about. */
export interface Resources {
  /** ARN of the MSK cluster. */
  log?: string | undefined
  archive?: Archive | undefined
}

export const RIGHTS = {
  /** Log in, and see how the cluster is made. */
  'log: connect': [{ actions: ['kafka-cluster:Connect', 'kafka-cluster:DescribeCluster'], on: 'cluster' }],
  'log: create topics': [{ actions: ['kafka-cluster:CreateTopic'], on: 'topics' }],
  'log: read': [
    {
      actions: [
        'kafka-cluster:DescribeTopic',
        'kafka-cluster:DescribeTopicDynamicConfiguration',
        'kafka-cluster:ReadData',
      ],
      on: 'topics',
    },
  ],
  'log: append': [
    { actions: ['kafka-cluster:WriteDataIdempotently'], on: 'cluster' },
    { actions: ['kafka-cluster:WriteData'], on: 'topics' },
  ],
  /** A change of the sources, from the page to the recorders. */
  'log: announce': [{ actions: ['kafka-cluster:WriteData'], on: 'status topic' }],
  'log: share partitions': [{ actions: ['kafka-cluster:AlterGroup', 'kafka-cluster:DescribeGroup'], on: 'group' }],
  /** Kafka's DeleteRecords: only of archived and verified ones, with TICKHOUSE_LOG_KEEP_HOURS. */
  'log: trim': [{ actions: ['kafka-cluster:DeleteTopic'], on: 'tick topics' }],
  'archive: write': [
    { actions: ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'], on: 'objects' },
    { actions: ['s3:ListBucket'], on: 'bucket', below: true },
    { actions: ['s3:ListBucketMultipartUploads'], on: 'bucket' },
    { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key' },
  ],
} as const satisfies Record<string, readonly RightStatement[]>

export type Right = keyof typeof RIGHTS

interface RightStatement {
  actions: readonly string[]
  on: 'cluster' | 'topics' | 'tick topics' | 'status topic' | 'group' | 'bucket' | 'objects' | 'key'
  /** Of the bucket: only below the archive's prefix. */
  below?: true
}

const READ_LOG = ['log: connect', 'log: read'] as const

export const RIGHTS_OF: Readonly<Record<Role, readonly Right[]>> = {
  record: [...READ_LOG, 'log: create topics', 'log: append'],
  ingest: [...READ_LOG, 'log: share partitions'],
  serve: [...READ_LOG, 'log: announce'],
  archive: [...READ_LOG, 'archive: write'],
  watch: [],
  start: ['archive: write'],
}

/** Only if the retention of the log is set. */
export const RIGHTS_WITH_RETENTION: Readonly<Partial<Record<Role, readonly Right[]>>> = { archive: ['log: trim'] }

/** The names of the log's topics and of the consumer group, without `topicPrefix`. */
const TICK_TOPICS = ['trades', 'quotes']
const STATUS_TOPIC = 'stations'
const GROUP = 'tickhouse'

/** The policy of a role; empty for one without rights. */
export function statementsOf(role: Role, resources: Resources, retention: boolean): PolicyStatement[] {
  const rights = [...RIGHTS_OF[role], ...(retention ? (RIGHTS_WITH_RETENTION[role] ?? []) : [])]
  return rights.flatMap(right => {
    const about = right.startsWith('log:') ? resources.log : resources.archive
    if (about === undefined) return []
    return RIGHTS[right].map((statement: RightStatement) => {
      const prefix = resources.archive?.prefix
      return new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...statement.actions],
        resources: arnsOf(statement.on, resources),
        ...(statement.below && { conditions: { StringLike: { 's3:prefix': [`${prefix}/*`] } } }),
      })
    })
  })
}

function arnsOf(on: RightStatement['on'], { log, archive }: Resources): string[] {
  const inCluster = (kind: 'topic' | 'group', names: readonly string[]) => {
    const parts = Fn.split(':cluster/', log!)
    return names.map(name => Fn.join('', [Fn.select(0, parts), `:${kind}/`, Fn.select(1, parts), `/${name}`]))
  }
  switch (on) {
    case 'cluster':
      return [log!]
    case 'topics':
      return inCluster('topic', [...TICK_TOPICS, STATUS_TOPIC])
    case 'tick topics':
      return inCluster('topic', TICK_TOPICS)
    case 'status topic':
      return inCluster('topic', [STATUS_TOPIC])
    case 'group':
      return inCluster('group', [GROUP])
    case 'bucket':
      return [archive!.bucketArn]
    case 'objects':
      return [`${archive!.bucketArn}/${archive!.prefix}/*`]
    case 'key':
      return [archive!.keyArn]
  }
}
