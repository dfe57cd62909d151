/** The log: Amazon MSK in three zones, with login by IAM only and encryption everywhere. */
import { CfnDeletionPolicy, type CfnResource, Duration, Stack } from 'aws-cdk-lib'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import { Port, type SecurityGroup } from 'aws-cdk-lib/aws-ec2'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { CfnCluster, CfnConfiguration } from 'aws-cdk-lib/aws-msk'
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import type { Alarms } from './alarms.ts'
import { logGroupOf } from './logs.ts'
import { ISOLATED, type Network } from './network.ts'
import type { ClusterSize } from './sizes.ts'

const KAFKA_VERSION = '3.9.x'
/** Name of CDK's function behind `AwsCustomResource`. */
const FUNCTION = 'AWS679f53fac002430cb0da5b7982bd2287'
/** Of a login by IAM within the VPC. */
const PORT = 9098

export class KafkaLog extends Construct {
  /** ARN of the cluster. */
  readonly arn: string
  /** TICKHOUSE_LOG. */
  readonly address: string
  readonly group: SecurityGroup

  constructor(
    scope: Construct,
    id: string,
    options: { name: string; network: Network; key: IKey; alarms: Alarms; broker: ClusterSize['broker'] },
  ) {
    super(scope, id)
    const { name, network, key, alarms, broker } = options
    const { region } = Stack.of(this)
    this.group = network.group('KafkaGroup', 'brokers', false)
    // The recorder creates its topics with the settings that it needs.
    const configuration = new CfnConfiguration(this, 'Configuration', {
      name: `${name}-kafka`,
      kafkaVersionsList: [KAFKA_VERSION],
      serverProperties: [
        'auto.create.topics.enable=false',
        'default.replication.factor=3',
        'min.insync.replicas=2',
        'unclean.leader.election.enable=false',
      ].join('\n'),
    })
    const cluster = new CfnCluster(this, 'Cluster', {
      clusterName: name,
      kafkaVersion: KAFKA_VERSION,
      numberOfBrokerNodes: broker.count,
      configurationInfo: { arn: configuration.attrArn, revision: 1 },
      brokerNodeGroupInfo: {
        instanceType: broker.type,
        clientSubnets: network.vpc.selectSubnets(ISOLATED).subnetIds,
        securityGroups: [this.group.securityGroupId],
        storageInfo: { ebsStorageInfo: { volumeSize: broker.diskGiB } },
      },
      clientAuthentication: { sasl: { iam: { enabled: true } }, unauthenticated: { enabled: false } },
      encryptionInfo: {
        encryptionAtRest: { dataVolumeKmsKeyId: key.keyArn },
        encryptionInTransit: { clientBroker: 'TLS', inCluster: true },
      },
      enhancedMonitoring: 'PER_BROKER',
      loggingInfo: {
        brokerLogs: {
          cloudWatchLogs: {
            enabled: true,
            logGroup: logGroupOf(this, 'BrokerLog').logGroupName,
          },
        },
      },
    })
    // A deleted stack has an archive of it; one that is replaced by mistake has not.
    cluster.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE
    cluster.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN
    this.arn = cluster.attrArn
    const brokers = bootstrapBrokers(this, cluster)
    this.address = `kafka://${brokers}?tls=1&sasl=aws-msk-iam&region=${region}&replication=3`
    this.#alarms(alarms, name, broker.count)
  }

  allow(group: SecurityGroup, what: string): void {
    this.group.addIngressRule(group, Port.tcp(PORT), what)
    if (!group.allowAllOutbound) group.addEgressRule(this.group, Port.tcp(PORT), 'to the brokers')
  }

  #alarms(alarms: Alarms, name: string, brokers: number): void {
    const metric = (metricName: string, dimensions: Record<string, string> = {}) =>
      new Metric({
        namespace: 'AWS/Kafka',
        metricName,
        dimensionsMap: { 'Cluster Name': name, ...dimensions },
        statistic: Stats.MAXIMUM,
        period: Duration.minutes(5),
      })
    for (let broker = 1; broker <= brokers; broker++)
      alarms.onDisk(
        `KafkaDisk${broker}`,
        metric('KafkaDataLogsDiskUsed', { 'Broker ID': String(broker) }),
        `the disk of broker ${broker}`,
        false,
      )
    alarms.on('KafkaPartitions', metric('OfflinePartitionsCount'), {
      above: 0,
      minutes: 1,
      missingIsAlarm: true,
      what: 'partitions of the log have no leader',
    })
  }
}

/** CloudFormation does not know a cluster's brokers: a function asks once. */
function bootstrapBrokers(scope: Construct, cluster: CfnCluster): string {
  const call = {
    service: 'Kafka',
    action: 'GetBootstrapBrokers',
    parameters: { ClusterArn: cluster.attrArn },
    physicalResourceId: PhysicalResourceId.of('bootstrap-brokers'),
    outputPaths: ['BootstrapBrokerStringSaslIam'],
  }
  const asked = new AwsCustomResource(scope, 'Brokers', {
    onUpdate: call,
    installLatestAwsSdk: false,
    logGroup: logGroupOf(scope, 'BrokersLog'),
    policy: AwsCustomResourcePolicy.fromStatements([
      new PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [cluster.attrArn] }),
    ]),
  })
  // CDK puts one such function into a stack, beside the construct.
  const caller = Stack.of(scope).node.findChild(FUNCTION)
  acknowledge(caller, "CDK's own function that asks for the brokers, with CDK's runtime and log policy", [
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    'AwsSolutions-L1',
  ])
  const resource = caller.node.defaultChild as CfnResource
  resource.addMetadata('cfn-lint', { config: { ignore_checks: ['W3005'] } })
  return asked.getResponseField('BootstrapBrokerStringSaslIam')
}
