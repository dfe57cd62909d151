/** How the services run, are replaced and are watched, and what outlives the stack. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Match, synthesize } from '../../../deploy/aws/testing.ts'
import { DEPLOYMENTS } from '../../support/deployments/aws.ts'

const M = synthesize(DEPLOYMENTS.M!).template
const L = synthesize(DEPLOYMENTS.L!).template
const S = synthesize(DEPLOYMENTS.S!).template
const everything = synthesize(DEPLOYMENTS['S, everything set']!).template
const RECORDERS = synthesize(DEPLOYMENTS.recorders!).template

test('a new recorder runs beside the old one, which has two minutes to leave', () => {
  for (const template of [M, L, RECORDERS]) {
    template.hasResourceProperties('AWS::ECS::Service', {
      ServiceName: 'record',
      DeploymentConfiguration: { MinimumHealthyPercent: 100, MaximumPercent: 200 },
    })
    template.hasResourceProperties('AWS::ECS::TaskDefinition', {
      ContainerDefinitions: [
        Match.objectLike({
          Command: ['record'],
          StopTimeout: 120,
          Environment: Match.arrayWith([{ Name: 'TICKHOUSE_HANDOVER_SECONDS', Value: '90' }]),
        }),
      ],
    })
  }
})

test('every service rolls back a deployment that does not become healthy, and its containers have a health check', () => {
  for (const template of [S, M, L, RECORDERS]) {
    for (const { Properties } of Object.values(template.findResources('AWS::ECS::Service'))) {
      const breaker = Properties.DeploymentConfiguration.DeploymentCircuitBreaker
      assert.deepEqual(breaker, { Enable: true, Rollback: true }, Properties.ServiceName)
    }
    for (const { Properties } of Object.values(template.findResources('AWS::ECS::TaskDefinition')))
      for (const { HealthCheck, Name } of Properties.ContainerDefinitions) assert.ok(HealthCheck, Name)
  }
})

test('tasks run on ARM; what nobody enters has a read-only root', () => {
  for (const template of [M, L, RECORDERS])
    for (const { Properties } of Object.values(template.findResources('AWS::ECS::TaskDefinition'))) {
      if (!Properties.RequiresCompatibilities.includes('FARGATE')) continue
      assert.equal(Properties.RuntimePlatform.CpuArchitecture, 'ARM64')
      const [{ Name, ReadonlyRootFilesystem }] = Properties.ContainerDefinitions
      assert.equal(ReadonlyRootFilesystem, !['serve', 'archive'].includes(Name), Name)
    }
})

describe('size S', () => {
  test('one ARM machine, by IMDSv2 only and without a key, replaced if it fails', () => {
    S.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: {
        InstanceType: 't4g.medium',
        KeyName: Match.absent(),
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
      },
    })
    S.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', { MinSize: '1', MaxSize: '1' })
  })

  test('its disk is encrypted, and outlives machine and stack', () => {
    S.hasResource('AWS::EC2::Volume', {
      Properties: { Encrypted: true, VolumeType: 'gp3', Size: 60, KmsKeyId: Match.anyValue() },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    })
  })

  test('the next process starts after the one before has ended: the data has one owner', () => {
    S.hasResourceProperties('AWS::ECS::Service', {
      DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
    })
  })
})

describe('sizes M and L', () => {
  test('the log has brokers in three zones, accepts IAM over TLS only, and loses no acknowledged record with a broker', () => {
    for (const template of [M, L]) {
      template.hasResourceProperties('AWS::MSK::Cluster', {
        NumberOfBrokerNodes: 3,
        ClientAuthentication: { Sasl: { Iam: { Enabled: true } }, Unauthenticated: { Enabled: false } },
        EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
      })
      const [{ Properties }] = Object.values(template.findResources('AWS::MSK::Cluster')) as [
        { Properties: { BrokerNodeGroupInfo: { ClientSubnets: unknown[] } } },
      ]
      assert.equal(Properties.BrokerNodeGroupInfo.ClientSubnets.length, 3)
      const [configuration] = Object.values(template.findResources('AWS::MSK::Configuration'))
      const { ServerProperties } = configuration!.Properties
      const lines = Buffer.from(ServerProperties['Fn::Base64'] ?? ServerProperties, 'utf8')
        .toString()
        .split('\n')
      for (const line of ['default.replication.factor=3', 'min.insync.replicas=2', 'auto.create.topics.enable=false'])
        assert.ok(lines.includes(line), line)
    }
  })

  test('L has two recorders, each may run in three zones', () => {
    L.hasResourceProperties('AWS::ECS::Service', { ServiceName: 'record', DesiredCount: 2 })
    const [{ Properties }] = Object.values(
      L.findResources('AWS::ECS::Service', { Properties: { ServiceName: 'record' } }),
    ) as [{ Properties: { NetworkConfiguration: { AwsvpcConfiguration: { Subnets: unknown[] } } } }]
    assert.equal(Properties.NetworkConfiguration.AwsvpcConfiguration.Subnets.length, 3)
  })

  test('there is one archiver, also while it is replaced', () => {
    for (const template of [M, L])
      template.hasResourceProperties('AWS::ECS::Service', {
        ServiceName: 'archive',
        DesiredCount: 1,
        DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
      })
  })

  test('there is no NAT; recorders have an address of their own, and private stages none', () => {
    const { template } = synthesize(DEPLOYMENTS['M, private, everything set']!)
    template.resourceCountIs('AWS::EC2::NatGateway', 0)
    for (const [ServiceName, AssignPublicIp] of [
      ['record', 'ENABLED'],
      ['watch', 'ENABLED'],
      ['ingest', 'DISABLED'],
      ['serve', 'DISABLED'],
      ['archive', 'DISABLED'],
    ])
      template.hasResourceProperties('AWS::ECS::Service', {
        ServiceName,
        NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp } },
      })
    template.hasResourceProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' })
  })

  test('an external ClickHouse replaces the one on EC2', () => {
    const { template } = synthesize(DEPLOYMENTS['L, external ClickHouse']!)
    template.resourceCountIs('AWS::EC2::Volume', 0)
    template.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 0)
  })
})

test('the bucket is private, encrypted, versioned, refuses plain HTTP, and outlives the stack', () => {
  for (const template of [S, M]) {
    template.hasResource('AWS::S3::Bucket', {
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockEnabled: Match.absent(),
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            Match.objectLike({ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }),
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
      DeletionPolicy: 'Retain',
    })
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    })
  }
})

test('an object lock, and the move to Glacier, are set if they are wanted', () => {
  everything.hasResourceProperties('AWS::S3::Bucket', {
    ObjectLockEnabled: true,
    ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } } },
    LifecycleConfiguration: {
      Rules: Match.arrayWith([
        Match.objectLike({ Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }] }),
      ]),
    },
  })
})

test('a missing task of each service, a full disk, and an alert of the watcher are alarms to one topic', () => {
  for (const template of [S, M, L, RECORDERS]) {
    const services = Object.values(template.findResources('AWS::ECS::Service'))
    const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm'))
    for (const { Properties } of alarms) {
      assert.equal(Properties.AlarmActions.length, 1)
      assert.match(JSON.stringify(Properties.AlarmActions), /AlarmsTopic/)
    }
    const missing = alarms.filter(({ Properties }) => Properties.MetricName === 'RunningTaskCount')
    assert.equal(missing.length, services.length)
    for (const { Properties } of missing) assert.equal(Properties.TreatMissingData, 'breaching')
    const disks = alarms.filter(({ Properties }) => /Disk/.test(Properties.MetricName))
    assert.equal(disks.length, template === S ? 1 : template === RECORDERS ? 0 : 4)
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ 'detail-type': ['ECS Deployment State Change'] }),
    })
  }
  for (const template of [M, L])
    template.hasResourceProperties('AWS::Logs::MetricFilter', { FilterPattern: '{ $.event = "alert_opened" }' })
  everything.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.org' })
})

test('every log group has a retention, and everything has the tag of the deployment', () => {
  for (const template of [S, M, L, RECORDERS]) {
    for (const { Properties } of Object.values(template.findResources('AWS::Logs::LogGroup')))
      assert.equal(Properties.RetentionInDays, 30)
    for (const type of ['AWS::S3::Bucket', 'AWS::ECS::Service', 'AWS::EC2::Volume', 'AWS::KMS::Key'])
      for (const { Properties } of Object.values(template.findResources(type)))
        assert.ok(
          Properties.Tags.some(({ Key }: { Key: string }) => Key === 'tickhouse'),
          type,
        )
  }
})

test('a stack with data cannot be deleted by one command', () => {
  for (const settings of Object.values(DEPLOYMENTS)) assert.ok(synthesize(settings).stack.terminationProtection)
})
