/** Puts a deployment together: size S on one machine, M and L as one service per stage, or recorders alone. */
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib'
import { Peer, Port, type SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import { Platform } from 'aws-cdk-lib/aws-ecr-assets'
import { AssetImage, Cluster, ContainerImage, ContainerInsights, type Secret as EcsSecret } from 'aws-cdk-lib/aws-ecs'
import type { Key } from 'aws-cdk-lib/aws-kms'
import type { CfnBucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import { PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery'
import type { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import { Alarms } from './alarms.ts'
import { TAG } from './box.ts'
import { ClickHouse } from './clickhouse.ts'
import { ArchiveBucket, dataKey, PREFIX } from './data.ts'
import { KafkaLog } from './kafka.ts'
import { Network, PUBLIC } from './network.ts'
import { OneMachine } from './one-machine.ts'
import type { Archive, Resources } from './policies.ts'
import type { Settings } from './settings.ts'
import { type BoxSize, type ClusterSize, RECORDERS, SIZES, type Stage, type TaskSize, ZONES } from './sizes.ts'
import { accountSecrets, HANDOVER_SECONDS, PORT, StageService, sealSecrets, textOf } from './stage.ts'

const ROOT = new URL('../..', import.meta.url).pathname
/** Stages that call venues, or services that receive alerts. */
const NEEDS_INTERNET: readonly Stage[] = ['record', 'watch']

export class TickhouseStack extends Stack {
  readonly #settings: Settings
  readonly #key: Key
  readonly #alarms: Alarms
  readonly #images: Record<'full' | 'slim', ContainerImage>
  readonly #token: Secret

  constructor(scope: Construct, settings: Settings, props: StackProps = {}) {
    super(scope, settings.name, {
      ...props,
      description: `tickhouse, size ${settings.size}`,
      // Data is in it.
      terminationProtection: true,
    })
    this.#settings = settings
    Tags.of(this).add(TAG, settings.name)
    this.#key = dataKey(this)
    this.#alarms = new Alarms(this, 'Alarms', { name: settings.name, key: this.#key, email: settings.alarmEmail })
    // Staged from .dockerignore: only what the Dockerfile copies.
    const imageOf = (target: string) =>
      settings.image
        ? ContainerImage.fromRegistry(settings.image)
        : AssetImage.fromAsset(ROOT, { file: 'deploy/Dockerfile', target, platform: Platform.LINUX_ARM64 })
    this.#images = { full: imageOf('full'), slim: imageOf('slim') }
    this.#token = new Secret(this, 'Token', {
      description: 'TICKHOUSE_TOKEN: access to the page, its API and the metrics',
      encryptionKey: this.#key,
      generateSecretString: { passwordLength: 48, excludePunctuation: true },
    })
    acknowledge(this.#token, 'changed by hand: every browser and client must get the new one', ['AwsSolutions-SMG4'])
    new CfnOutput(this, 'TokenSecret', { value: this.#token.secretName })
    const size = settings.size === 'recorders' ? undefined : SIZES[settings.size]
    if (size === undefined) this.#recorders()
    else if (size.kind === 'box') this.#machine(size)
    else this.#stages(size)
  }

  #machine(size: BoxSize): void {
    const network = new Network(this, 'Network', { zones: 1, network: 'public' })
    const archive = this.#archive()
    new OneMachine(this, 'Machine', {
      name: this.#settings.name,
      size: { ...size, diskGiB: this.#settings.storeGiB ?? size.diskGiB },
      cluster: this.#cluster(network),
      network,
      image: this.#images.full,
      key: this.#key,
      alarms: this.#alarms,
      resources: { archive },
      environment: {
        settings: {
          TICKHOUSE_SOURCES: this.#settings.sources,
          TICKHOUSE_ARCHIVE: archive.address,
          TICKHOUSE_LISTEN: `0.0.0.0:${PORT}`,
          ...this.#retention(),
        },
        secrets: {
          TICKHOUSE_TOKEN: textOf(this.#token),
          ...accountSecrets(this, this.#settings),
          ...sealSecrets(this, this.#settings),
        },
      },
    })
  }

  #stages(size: ClusterSize): void {
    const { network: kind, name, storeSecret, logGiB, storeGiB, logKeepHours } = this.#settings
    const network = new Network(this, 'Network', { zones: ZONES, network: kind })
    const cluster = this.#cluster(network)
    const namespace = this.#namespace(network)
    const archive = this.#archive()
    const log = new KafkaLog(this, 'Log', {
      name,
      network,
      key: this.#key,
      alarms: this.#alarms,
      broker: { ...size.broker, diskGiB: logGiB ?? size.broker.diskGiB },
    })
    const server = storeSecret
      ? undefined
      : new ClickHouse(this, 'Store', {
          name,
          cluster,
          namespace,
          network,
          publicAddress: kind === 'public',
          size: { ...size.store, diskGiB: storeGiB ?? size.store.diskGiB },
          key: this.#key,
          alarms: this.#alarms,
        })
    const store = textOf(server?.address ?? Secret.fromSecretCompleteArn(this, 'StoreSecret', storeSecret!))
    const groups = new Map<Stage, SecurityGroup>()
    for (const [stage, tasks] of Object.entries(size.tasks) as [Stage, TaskSize][]) {
      const group = this.#group(network, stage, storeSecret !== undefined && stage !== 'record')
      groups.set(stage, group)
      const internet = NEEDS_INTERNET.includes(stage)
      const logged = stage !== 'watch'
      const stored = logged && stage !== 'record'
      if (logged) log.allow(group, stage)
      if (stored) server?.allow(group, stage)
      const service = this.#stage(network, stage, tasks, {
        cluster,
        namespace,
        group,
        inner: !internet,
        settings: {
          ...(logged && { TICKHOUSE_LOG: log.address }),
          ...this.#settingsOf(stage, namespace.namespaceName, archive.address),
        },
        secrets: stored ? { TICKHOUSE_STORE: store } : {},
        resources: { log: log.arn, ...(stage === 'archive' && { archive }) },
        retention: logKeepHours !== undefined,
      })
      if (stage === 'watch') this.#alarms.onAlerts(service.logGroup)
    }
    const watch = groups.get('watch')!
    for (const [stage, group] of groups)
      if (stage !== 'watch') group.addIngressRule(watch, Port.tcp(PORT), 'probes of the watcher')
  }

  /** Recorders in a venue's region. The way to the log is yours: peering, PrivateLink, or a public address. */
  #recorders(): void {
    const { log, logSecret, logCluster } = this.#settings
    const network = new Network(this, 'Network', { zones: 2, network: 'public' })
    this.#stage(network, 'record', RECORDERS, {
      cluster: this.#cluster(network),
      namespace: this.#namespace(network),
      group: this.#group(network, 'record', true),
      inner: false,
      settings: { ...(log && { TICKHOUSE_LOG: log }), ...this.#settingsOf('record', '', '') },
      secrets: logSecret ? { TICKHOUSE_LOG: textOf(Secret.fromSecretCompleteArn(this, 'LogSecret', logSecret)) } : {},
      resources: { log: logCluster },
      retention: false,
    })
  }

  #settingsOf(stage: Stage, domain: string, archive: string): Record<string, string> {
    const listens = `0.0.0.0:${PORT}`
    const url = (name: Stage) => `http://${name}.${domain}:${PORT}`
    switch (stage) {
      case 'record':
        return {
          TICKHOUSE_SOURCES: this.#settings.sources,
          TICKHOUSE_METRICS_LISTEN: listens,
          TICKHOUSE_HANDOVER_SECONDS: String(HANDOVER_SECONDS),
        }
      case 'archive':
        return {
          TICKHOUSE_ARCHIVE: archive,
          TICKHOUSE_METRICS_LISTEN: listens,
          // Its directory is new in each task: the file of a key would be lost.
          ...(!this.#settings.sealKeySecret && { TICKHOUSE_SEAL_KEY: 'off' }),
          ...this.#retention(),
        }
      case 'watch':
        return {
          TICKHOUSE_WATCH_URL: url('serve'),
          TICKHOUSE_WATCH_HEALTH_URLS: [url('record'), url('ingest'), url('archive')].join(','),
          TICKHOUSE_METRICS_LISTEN: listens,
        }
      default:
        return { TICKHOUSE_LISTEN: listens }
    }
  }

  #stage(
    network: Network,
    command: Stage,
    size: TaskSize,
    more: {
      cluster: Cluster
      namespace: PrivateDnsNamespace
      group: SecurityGroup
      inner: boolean
      settings: Record<string, string>
      secrets: Record<string, EcsSecret>
      resources: Resources
      retention: boolean
    },
  ): StageService {
    const { inner, settings, secrets, ...rest } = more
    const { webhooksSecret } = this.#settings
    const own: Record<string, EcsSecret> = command === 'record' ? { ...accountSecrets(this, this.#settings) } : {}
    if (command === 'archive') Object.assign(own, sealSecrets(this, this.#settings))
    if (command === 'watch' && webhooksSecret)
      own.TICKHOUSE_ALERT_WEBHOOKS = textOf(Secret.fromSecretCompleteArn(this, 'Webhooks', webhooksSecret))
    const subnets = inner ? network.inner : PUBLIC
    return new StageService(this, command[0]!.toUpperCase() + command.slice(1), {
      ...rest,
      command,
      size,
      // The archiver reads back what it writes, with the engine.
      image: this.#images[command === 'archive' ? 'full' : 'slim'],
      subnets,
      publicAddress: subnets === PUBLIC,
      environment: { settings, secrets: { TICKHOUSE_TOKEN: textOf(this.#token), ...secrets, ...own } },
      alarms: this.#alarms,
    })
  }

  #group(network: Network, stage: Stage, outbound: boolean): SecurityGroup {
    const open = outbound || NEEDS_INTERNET.includes(stage)
    const group = network.group(`${stage}Group`, `tickhouse ${stage}`, open)
    if (!open) group.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'AWS services')
    return group
  }

  #cluster(network: Network): Cluster {
    const cluster = new Cluster(this, 'Cluster', {
      vpc: network.vpc,
      clusterName: this.#settings.name,
      containerInsightsV2: ContainerInsights.ENABLED,
    })
    this.#alarms.onDeployments(cluster.clusterArn)
    new CfnOutput(this, 'ClusterName', { value: cluster.clusterName })
    return cluster
  }

  #namespace(network: Network): PrivateDnsNamespace {
    return new PrivateDnsNamespace(this, 'Namespace', { name: `${this.#settings.name}.internal`, vpc: network.vpc })
  }

  #archive(): Archive & { address: string } {
    const { bucket } = new ArchiveBucket(this, 'Data', { key: this.#key, ...this.#settings })
    new CfnOutput(this, 'ArchiveBucket', { value: bucket.bucketName })
    return {
      bucketArn: bucket.bucketArn,
      bucketId: this.getLogicalId(bucket.node.defaultChild as CfnBucket),
      keyArn: this.#key.keyArn,
      prefix: PREFIX,
      address: `s3://${bucket.bucketName}/${PREFIX}?region=${this.region}`,
    }
  }

  #retention(): Record<string, string> {
    const { logKeepHours, storeKeepDays } = this.#settings
    return {
      ...(logKeepHours !== undefined && { TICKHOUSE_LOG_KEEP_HOURS: String(logKeepHours) }),
      ...(storeKeepDays !== undefined && { TICKHOUSE_STORE_KEEP_DAYS: String(storeKeepDays) }),
    }
  }
}
