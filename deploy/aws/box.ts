/**
 * One EC2 machine that runs ECS tasks with data on a disk of their own. The machine may be replaced at any time: its
 * successor waits for the disk, mounts it, and only then joins the cluster.
 */
import { Duration, RemovalPolicy, Size, Stack, Tags } from 'aws-cdk-lib'
import { AutoScalingGroup, GroupMetrics, HealthChecks, UpdatePolicy } from 'aws-cdk-lib/aws-autoscaling'
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch'
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  SecurityGroup,
  type SubnetSelection,
  UserData,
  Volume,
  type Vpc,
} from 'aws-cdk-lib/aws-ec2'
import {
  AmiHardwareType,
  AsgCapacityProvider,
  type Cluster,
  EcsOptimizedImage,
  MachineImageType,
} from 'aws-cdk-lib/aws-ecs'
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import { NAMESPACE } from './alarms.ts'

/** Where the disk is mounted, and the directory of the tasks' data on it. */
const MOUNT = '/data'
export const DATA = `${MOUNT}/volume`

/** Tag of everything of a deployment, with its name. */
export const TAG = 'tickhouse'

export interface BoxOptions {
  name: string
  cluster: Cluster
  vpc: Vpc
  /** The first of these: a disk is in one zone. */
  subnets: SubnetSelection
  publicAddress: boolean
  type: string
  diskGiB: number
  key: IKey
  /** User and group of the data's directory. */
  owner: number
}

export class Box extends Construct {
  readonly provider: AsgCapacityProvider
  readonly disk: Volume
  /** Percent of the disk in use. */
  readonly diskUsed: Metric

  constructor(scope: Construct, id: string, options: BoxOptions) {
    super(scope, id)
    const { cluster, vpc, key } = options
    const subnet = vpc.selectSubnets(options.subnets).subnets[0]!
    const stack = Stack.of(this)
    this.disk = new Volume(this, 'Disk', {
      availabilityZone: subnet.availabilityZone,
      size: Size.gibibytes(options.diskGiB),
      volumeType: EbsDeviceVolumeType.GP3,
      encrypted: true,
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    Tags.of(this.disk).add('Name', `${options.name} data`)
    this.diskUsed = new Metric({
      namespace: NAMESPACE,
      metricName: 'DiskUsedPercent',
      dimensionsMap: { Disk: this.disk.volumeId },
      statistic: Stats.MAXIMUM,
      period: Duration.minutes(5),
    })
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('AmazonSSMManagedInstanceCore')],
    })
    acknowledge(role, 'Session Manager in place of SSH: the policy that AWS maintains for it', [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonSSMManagedInstanceCore]',
    ])
    const userData = UserData.forLinux()
    userData.addCommands(...startScript(this.disk.volumeId, stack.region, options.owner))
    const template = new LaunchTemplate(this, 'Template', {
      machineImage: EcsOptimizedImage.amazonLinux2023(AmiHardwareType.ARM),
      instanceType: new InstanceType(options.type),
      requireImdsv2: true,
      httpPutResponseHopLimit: 1,
      role,
      userData,
      associatePublicIpAddress: options.publicAddress,
      detailedMonitoring: true,
      securityGroup: new SecurityGroup(this, 'Group', { vpc, description: 'no inbound: Session Manager only' }),
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(30, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
    })
    const group = new AutoScalingGroup(this, 'Machines', {
      vpc,
      vpcSubnets: { subnets: [subnet] },
      minCapacity: 1,
      maxCapacity: 1,
      launchTemplate: template,
      groupMetrics: [GroupMetrics.all()],
      healthChecks: HealthChecks.ec2({ gracePeriod: Duration.minutes(10) }),
      // The disk is free only once the machine before is gone.
      updatePolicy: UpdatePolicy.rollingUpdate({ minInstancesInService: 0, maxBatchSize: 1 }),
    })
    acknowledge(group, 'a failed machine shows as a missing task, which is an alarm', ['AwsSolutions-AS3'])
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['ec2:AttachVolume'],
        resources: [
          stack.formatArn({ service: 'ec2', resource: 'volume', resourceName: this.disk.volumeId }),
          stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' }),
        ],
        conditions: { StringEquals: { [`aws:ResourceTag/${TAG}`]: options.name } },
      }),
    )
    // EC2 gives itself the use of the key for an encrypted disk, by the right of who attaches it.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:CreateGrant'],
        resources: [key.keyArn],
        conditions: {
          Bool: { 'kms:GrantIsForAWSResource': true },
          StringEquals: {
            'kms:ViaService': `ec2.${stack.region}.amazonaws.com`,
            'kms:GrantConstraintType': 'EncryptionContextSubset',
          },
        },
      }),
    )
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': NAMESPACE } },
      }),
    )
    this.provider = new AsgCapacityProvider(this, 'Capacity', {
      autoScalingGroup: group,
      enableManagedScaling: false,
      enableManagedTerminationProtection: false,
      enableManagedDraining: true,
    })
    // ECS drains a machine that is to be replaced: no function of CDK's is needed for it.
    // Its type does not name the option.
    const withoutFunction = { taskDrainTime: Duration.seconds(0) }
    cluster.addAsgCapacityProvider(this.provider, {
      machineImageType: MachineImageType.AMAZON_LINUX_2,
      ...withoutFunction,
    })
    acknowledge(
      role,
      'the disk is attached to machines of this deployment only, by their tag: their ids are not known before',
      ['AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]'],
    )
    acknowledge(role, "rights of the ECS agent as CDK gives them; metrics are limited to this program's namespace", [
      'AwsSolutions-IAM5[Resource::*]',
      'AwsSolutions-IAM5[Action::ecs:Submit*]',
    ])
  }
}

/**
 * Runs before the ECS agent starts. If it fails the machine stops, and the group starts another: a task must not write
 * its data to the disk of the system. A disk with a file system is never formatted.
 */
function startScript(volume: string, region: string, owner: number): string[] {
  return [
    'set -euo pipefail',
    "trap 'echo cannot mount the data; shutdown -h now' ERR",
    'command -v aws || dnf install -y awscli-2',
    `export AWS_DEFAULT_REGION=${region}`,
    'token=$(curl -sSf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" http://169.254.169.254/latest/api/token)',
    'instance=$(curl -sSf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)',
    `volume=${volume}`,
    'for try in $(seq 60); do',
    '  aws ec2 attach-volume --volume-id "$volume" --instance-id "$instance" --device /dev/sdf && break',
    '  [ "$try" -lt 60 ]',
    '  sleep 10',
    'done',
    `device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$(echo "$volume" | tr -d -)`,
    'for try in $(seq 60); do [ ! -e "$device" ] || break; sleep 1; done',
    '[ -e "$device" ]',
    'found=0; blkid -p "$device" || found=$?',
    // 2: there is nothing on it. Any other failure is not a reason to format.
    'if [ "$found" = 2 ]; then mkfs.xfs "$device"; else [ "$found" = 0 ]; fi',
    `mkdir -p ${MOUNT}`,
    // After a reboot this script does not run, and a machine without its disk does not come up.
    `echo "$device ${MOUNT} xfs noatime 0 0" >> /etc/fstab`,
    `mount ${MOUNT}`,
    `xfs_growfs ${MOUNT}`,
    `install -d -o ${owner} -g ${owner} ${DATA}`,
    // The percentage of the disk in use, every five minutes.
    'cat > /usr/local/bin/disk-used <<END',
    '#!/bin/sh',
    `used=\\$(df --output=pcent ${MOUNT} | tail -1 | tr -dc 0-9)`,
    `exec aws cloudwatch put-metric-data --region ${region} --namespace ${NAMESPACE} --metric-name DiskUsedPercent \\`,
    '  --unit Percent --dimensions Disk=$volume --value "\\$used"',
    'END',
    'chmod +x /usr/local/bin/disk-used',
    'cat > /etc/systemd/system/disk-used.service <<END',
    '[Service]',
    'Type=oneshot',
    'ExecStart=/usr/local/bin/disk-used',
    'END',
    'cat > /etc/systemd/system/disk-used.timer <<END',
    '[Timer]',
    'OnBootSec=1min',
    'OnUnitActiveSec=5min',
    '[Install]',
    'WantedBy=timers.target',
    'END',
    'systemctl daemon-reload',
    'systemctl enable --now disk-used.timer',
    // Tasks have roles of their own.
    'echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config',
    'trap - ERR',
  ]
}
