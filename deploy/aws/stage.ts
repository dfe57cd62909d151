/** One stage as an ECS service: its environment, its rights, its health and how it is replaced. */
import { Duration } from 'aws-cdk-lib'
import type { ISecurityGroup, SubnetSelection } from 'aws-cdk-lib/aws-ec2'
import {
  type Cluster,
  type ContainerDefinition,
  type ContainerImage,
  CpuArchitecture,
  Secret as EcsSecret,
  FargateService,
  FargateTaskDefinition,
  type HealthCheck,
  LogDrivers,
  OperatingSystemFamily,
} from 'aws-cdk-lib/aws-ecs'
import type { LogGroup } from 'aws-cdk-lib/aws-logs'
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { DnsRecordType, type PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import type { Alarms } from './alarms.ts'
import { logGroupOf } from './logs.ts'
import { type Resources, statementsOf } from './policies.ts'
import type { Role } from './rights.ts'
import type { Settings } from './settings.ts'
import type { Stage, TaskSize } from './sizes.ts'

/** Of the page, /ready and /metrics. */
export const PORT = 8080
/** ECS stops a task by SIGTERM, and kills it after this. The longest that Fargate allows. */
const STOP_SECONDS = 120
/** How long a recorder may record on until its successor records the same ticks: ends well before ECS kills it. */
export const HANDOVER_SECONDS = STOP_SECONDS - 30
/** Session Manager forwards the page of `serve`, and runs commands in `archive`. */
const ENTERED: readonly Stage[] = ['serve', 'archive']
const DATA_DIRECTORY = '/tickhouse/data'

/** The environment of a stage: its settings, and those that are secrets. */
export interface Environment {
  settings: Readonly<Record<string, string>>
  secrets: Readonly<Record<string, EcsSecret>>
}

export const HEALTH: HealthCheck = {
  command: [
    'CMD',
    'node',
    '-e',
    `fetch('http://127.0.0.1:${PORT}/ready').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`,
  ],
  interval: Duration.seconds(30),
  timeout: Duration.seconds(20),
  retries: 5,
  startPeriod: Duration.seconds(120),
}

/** How a container of ours runs, on Fargate as on EC2. */
export function containerOptions(scope: Construct, image: ContainerImage, command: Role, environment: Environment) {
  const logGroup = logGroupOf(scope, 'Log')
  return {
    image,
    command: [command],
    environment: { TICKHOUSE_LOG_FORMAT: 'json', ...environment.settings },
    secrets: environment.secrets,
    healthCheck: HEALTH,
    stopTimeout: Duration.seconds(STOP_SECONDS),
    readonlyRootFilesystem: true,
    logging: LogDrivers.awsLogs({ logGroup, streamPrefix: command }),
    logGroup,
  }
}

export interface StageOptions {
  command: Stage
  size: TaskSize
  image: ContainerImage
  cluster: Cluster
  namespace: PrivateDnsNamespace
  subnets: SubnetSelection
  /** Whether the subnets are public: a task there reaches the internet by an address of its own. */
  publicAddress: boolean
  group: ISecurityGroup
  environment: Environment
  resources: Resources
  /** Whether the retention of the log is set. */
  retention: boolean
  alarms: Alarms
}

export class StageService extends Construct {
  readonly service: FargateService
  readonly logGroup: LogGroup
  readonly container: ContainerDefinition

  constructor(scope: Construct, id: string, options: StageOptions) {
    super(scope, id)
    const { command, size, cluster } = options
    const entered = ENTERED.includes(command)
    const task = new FargateTaskDefinition(this, 'Task', {
      cpu: size.cpu,
      memoryLimitMiB: size.memoryMiB,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      // Takes the owner of the image's own directory there. What must survive is in the log and in the store.
      volumes: [{ name: 'data' }],
    })
    const { logGroup, ...container } = containerOptions(this, options.image, command, options.environment)
    this.logGroup = logGroup
    this.container = task.addContainer(command, {
      ...container,
      environment: { ...container.environment, TMPDIR: DATA_DIRECTORY },
      // The agent of ECS Exec writes to it; the process itself is not root.
      readonlyRootFilesystem: !entered,
      portMappings: [{ containerPort: PORT }],
    })
    this.container.addMountPoints({ sourceVolume: 'data', containerPath: DATA_DIRECTORY, readOnly: false })
    for (const statement of statementsOf(command, options.resources, options.retention))
      task.addToTaskRolePolicy(statement)
    acknowledgeTask(task, options.resources)
    this.service = new FargateService(this, 'Service', {
      cluster,
      serviceName: command,
      taskDefinition: task,
      desiredCount: size.count,
      vpcSubnets: options.subnets,
      assignPublicIp: options.publicAddress,
      securityGroups: [options.group],
      enableExecuteCommand: entered,
      circuitBreaker: { rollback: true },
      ...replacement(command),
      cloudMapOptions: {
        name: command,
        cloudMapNamespace: options.namespace,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    })
    acknowledge(task.taskRole, 'ECS Exec and port forwarding by Session Manager have no narrower resource', [
      'AwsSolutions-IAM5[Resource::*]',
    ])
    options.alarms.onTasks(command, cluster.clusterName, this.service.serviceName, size.count)
  }
}

/**
 * The next task starts beside the running one, which is stopped once the next is healthy. Only one process may archive,
 * and two watchers would send each alert twice: they are stopped first.
 */
function replacement(command: Stage) {
  const beside = !['archive', 'watch'].includes(command)
  return beside ? { minHealthyPercent: 100, maxHealthyPercent: 200 } : { minHealthyPercent: 0, maxHealthyPercent: 100 }
}

export function acknowledgeTask(task: Construct, { archive }: Resources): void {
  acknowledge(task, 'settings that are not secret; secrets are references to Secrets Manager', ['AwsSolutions-ECS2'])
  acknowledge(task, 'the execution role asks for the login to the registry, which has no resource', [
    'AwsSolutions-IAM5[Resource::*]',
  ])
  if (archive)
    acknowledge(task, 'all objects below the prefix of the archive, and nothing else', [
      `AwsSolutions-IAM5[Resource::<${archive.bucketId}.Arn>/${archive.prefix}/*]`,
    ])
}

/** Settings of accounts at venues, from one secret with a field for each. */
export function accountSecrets(scope: Construct, { accounts, accountsSecret }: Settings): Environment['secrets'] {
  if (accountsSecret === undefined) return {}
  const secret = Secret.fromSecretCompleteArn(scope, 'Accounts', accountsSecret)
  return Object.fromEntries(accounts.map(name => [`TICKHOUSE_${name}`, EcsSecret.fromSecretsManager(secret, name)]))
}

/** The key that seals the archive, if it is given. For the stage that archives alone: who has it can seal and certify. */
export function sealSecrets(scope: Construct, { sealKeySecret }: Settings): Environment['secrets'] {
  if (sealKeySecret === undefined) return {}
  return { TICKHOUSE_SEAL_PRIVATE_KEY: textOf(Secret.fromSecretCompleteArn(scope, 'SealKey', sealKeySecret)) }
}

/** A setting that is the text of a secret. */
export function textOf(secret: ISecret): EcsSecret {
  return EcsSecret.fromSecretsManager(secret)
}
