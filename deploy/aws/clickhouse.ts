/**
 * ClickHouse's official image with the users and the configuration of `deploy/clickhouse`, as one ECS task on a machine
 * with its own disk. Why not a cluster: docs/cloud.md.
 */
import { Duration, SecretValue } from 'aws-cdk-lib'
import { Port, type SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import {
  AssetImage,
  type Cluster,
  Ec2Service,
  Ec2TaskDefinition,
  Secret as EcsSecret,
  LogDrivers,
  NetworkMode,
  UlimitName,
} from 'aws-cdk-lib/aws-ecs'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { DnsRecordType, type PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import type { Alarms } from './alarms.ts'
import { Box, DATA } from './box.ts'
import { logGroupOf } from './logs.ts'
import type { Network } from './network.ts'
import type { ClusterSize } from './sizes.ts'

const PORT = 8123
const NAME = 'clickhouse'
/** Of the user `clickhouse` in the image. */
const CLICKHOUSE_USER = 101

export interface ClickHouseOptions {
  name: string
  cluster: Cluster
  namespace: PrivateDnsNamespace
  network: Network
  publicAddress: boolean
  size: ClusterSize['store']
  key: IKey
  alarms: Alarms
}

export class ClickHouse extends Construct {
  /** Its text is TICKHOUSE_STORE. */
  readonly address: ISecret
  readonly #group: SecurityGroup

  constructor(scope: Construct, id: string, options: ClickHouseOptions) {
    super(scope, id)
    const { cluster, network, key, size, alarms, namespace } = options
    this.#group = network.group('ClickHouseGroup', 'ClickHouse', false)
    const passwords = {
      tickhouse: passwordOf(this, 'Password', key),
      grafana: passwordOf(this, 'GrafanaPassword', key),
    }
    const host = `${NAME}.${namespace.namespaceName}:${PORT}`
    this.address = new Secret(this, 'Address', {
      description: 'TICKHOUSE_STORE of the stages',
      encryptionKey: key,
      secretStringValue: SecretValue.unsafePlainText(
        `http://tickhouse:${passwords.tickhouse.secretValue.unsafeUnwrap()}@${host}/tickhouse`,
      ),
    })
    for (const secret of [this.address, ...Object.values(passwords)])
      acknowledge(secret, 'changed by hand: server and clients must change together', ['AwsSolutions-SMG4'])
    const box = new Box(this, 'Box', {
      name: options.name,
      cluster,
      vpc: network.vpc,
      subnets: network.inner,
      publicAddress: options.publicAddress,
      type: size.type,
      diskGiB: size.diskGiB,
      key,
      owner: CLICKHOUSE_USER,
    })
    alarms.onDisk('ClickHouseDisk', box.diskUsed, "ClickHouse's disk", true)
    const task = new Ec2TaskDefinition(this, 'Task', {
      networkMode: NetworkMode.AWS_VPC,
      volumes: [{ name: 'data', host: { sourcePath: DATA } }],
    })
    const container = task.addContainer(NAME, {
      image: AssetImage.fromAsset(new URL('../clickhouse', import.meta.url).pathname, {
        platform: Platform.LINUX_ARM64,
      }),
      memoryLimitMiB: size.memoryMiB,
      environment: { CLICKHOUSE_SKIP_USER_SETUP: '1' },
      secrets: {
        CLICKHOUSE_PASSWORD_TICKHOUSE: EcsSecret.fromSecretsManager(passwords.tickhouse),
        CLICKHOUSE_PASSWORD_GRAFANA: EcsSecret.fromSecretsManager(passwords.grafana),
      },
      portMappings: [{ containerPort: PORT }],
      ulimits: [{ name: UlimitName.NOFILE, softLimit: 262_144, hardLimit: 262_144 }],
      stopTimeout: Duration.seconds(120),
      healthCheck: {
        command: ['CMD', 'wget', '-q', '--spider', `http://127.0.0.1:${PORT}/ping`],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(20),
        retries: 6,
        startPeriod: Duration.seconds(60),
      },
      logging: LogDrivers.awsLogs({
        logGroup: logGroupOf(this, 'Log'),
        streamPrefix: NAME,
      }),
    })
    container.addMountPoints({ sourceVolume: 'data', containerPath: '/var/lib/clickhouse', readOnly: false })
    acknowledge(task, 'settings that are not secret; passwords are references to Secrets Manager', [
      'AwsSolutions-ECS2',
    ])
    acknowledge(task, 'the execution role asks for the login to the registry, which has no resource', [
      'AwsSolutions-IAM5[Resource::*]',
    ])
    const service = new Ec2Service(this, 'Service', {
      cluster,
      serviceName: NAME,
      taskDefinition: task,
      capacityProviderStrategies: [{ capacityProvider: box.provider.capacityProviderName, weight: 1 }],
      // The directory has one owner: the server before ends first.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { rollback: true },
      vpcSubnets: { subnets: [network.vpc.selectSubnets(network.inner).subnets[0]!] },
      securityGroups: [this.#group],
      cloudMapOptions: {
        name: NAME,
        cloudMapNamespace: namespace,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    })
    alarms.onTasks(NAME, cluster.clusterName, service.serviceName, 1)
  }

  allow(group: SecurityGroup, what: string): void {
    this.#group.addIngressRule(group, Port.tcp(PORT), what)
    if (!group.allowAllOutbound) group.addEgressRule(this.#group, Port.tcp(PORT), 'to ClickHouse')
  }
}

/** Letters and digits only: it is part of a URL. */
function passwordOf(scope: Construct, id: string, key: IKey): Secret {
  return new Secret(scope, id, {
    encryptionKey: key,
    generateSecretString: { passwordLength: 48, excludePunctuation: true },
  })
}
