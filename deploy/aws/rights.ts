/**
 * Which stage may do what. The task roles are made from these tables (`policies.ts`) and from nothing else; what is not
 * here is refused. The execution roles, which pull the image, read secrets and write the log, are CDK's.
 */
import type { Stage } from './sizes.ts'

export type Role = Stage | 'start'

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
  /** Messages to the recorders: open gaps from ingest, a change of the sources from the page. No ticks. */
  'log: announce': [
    { actions: ['kafka-cluster:WriteDataIdempotently'], on: 'cluster' },
    { actions: ['kafka-cluster:WriteData'], on: 'status topic' },
  ],
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

export interface RightStatement {
  actions: readonly string[]
  on: 'cluster' | 'topics' | 'tick topics' | 'status topic' | 'group' | 'bucket' | 'objects' | 'key'
  /** Of the bucket: only below the archive's prefix. */
  below?: true
}

const READ_LOG = ['log: connect', 'log: read'] as const

export const RIGHTS_OF: Readonly<Record<Role, readonly Right[]>> = {
  record: [...READ_LOG, 'log: create topics', 'log: append'],
  ingest: [...READ_LOG, 'log: share partitions', 'log: announce'],
  serve: [...READ_LOG, 'log: announce'],
  archive: [...READ_LOG, 'archive: write'],
  watch: [],
  start: ['archive: write'],
}

/** Only if the retention of the log is set. */
export const RIGHTS_WITH_RETENTION: Readonly<Partial<Record<Role, readonly Right[]>>> = { archive: ['log: trim'] }

/** The names of the log's topics and of the consumer group, without `topicPrefix`. */
export const TICK_TOPICS = ['trades', 'quotes']
export const STATUS_TOPIC = 'stations'
export const GROUP = 'tickhouse'
