/** The archive's bucket and the keys of everything that is encrypted. All of it outlives the stack. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { Key } from 'aws-cdk-lib/aws-kms'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention, StorageClass } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import type { Settings } from './settings.ts'

/** Below it in the bucket is the archive. */
export const PREFIX = 'market'
const OVERWRITTEN_KEEP_DAYS = 30
const ACCESS_LOGS_KEEP_DAYS = 90

/** The customer's key of bucket, secrets, disks and topic. */
export function dataKey(scope: Construct): Key {
  return new Key(scope, 'Key', {
    description: 'tickhouse: archive, disks, secrets, alarms',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  })
}

export class ArchiveBucket extends Construct {
  readonly bucket: Bucket

  constructor(
    scope: Construct,
    id: string,
    options: { key: Key } & Pick<Settings, 'glacierAfterDays' | 'objectLockDays'>,
  ) {
    super(scope, id)
    const { key, glacierAfterDays, objectLockDays } = options
    const closed = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
    }
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...closed,
      encryption: BucketEncryption.S3_MANAGED,
      lifecycleRules: [{ expiration: Duration.days(ACCESS_LOGS_KEEP_DAYS) }],
    })
    acknowledge(accessLogs, 'this bucket receives the access logs', ['AwsSolutions-S1'])
    this.bucket = new Bucket(this, 'Bucket', {
      ...closed,
      encryption: BucketEncryption.KMS,
      encryptionKey: key,
      bucketKeyEnabled: true,
      versioned: true,
      serverAccessLogsBucket: accessLogs,
      ...(objectLockDays !== undefined && {
        objectLockEnabled: true,
        objectLockDefaultRetention: ObjectLockRetention.governance(Duration.days(objectLockDays)),
      }),
      lifecycleRules: [
        { id: 'incomplete uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
        { id: 'overwritten objects', noncurrentVersionExpiration: Duration.days(OVERWRITTEN_KEEP_DAYS) },
        ...(glacierAfterDays === undefined
          ? []
          : [
              {
                id: 'older objects',
                // Readable immediately: `archive verify` and queries fetch them.
                transitions: [
                  {
                    storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
                    transitionAfter: Duration.days(glacierAfterDays),
                  },
                ],
              },
            ]),
      ],
    })
  }
}
