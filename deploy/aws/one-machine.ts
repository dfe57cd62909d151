/** Size S: `tickhouse start` with the embedded engine on one machine, its data on a disk, its archive on S3. */
import {
  type Cluster,
  type ContainerImage,
  Ec2Service,
  Ec2TaskDefinition,
  LinuxParameters,
  NetworkMode,
} from 'aws-cdk-lib/aws-ecs'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import type { Alarms } from './alarms.ts'
import { Box, DATA } from './box.ts'
import { type Network, PUBLIC } from './network.ts'
import { type Resources, statementsOf } from './policies.ts'
import type { BoxSize } from './sizes.ts'
import { acknowledgeTask, containerOptions, type Environment, PORT } from './stage.ts'

const COMMAND = 'start'
/** Of the user in deploy/Dockerfile. */
const TICKHOUSE_USER = 1000

export interface OneMachineOptions {
  name: string
  size: BoxSize
  cluster: Cluster
  network: Network
  image: ContainerImage
  key: IKey
  alarms: Alarms
  resources: Resources
  environment: Environment
}

export class OneMachine extends Construct {
  constructor(scope: Construct, id: string, options: OneMachineOptions) {
    super(scope, id)
    const { name, size, cluster, network, key, alarms, resources } = options
    const box = new Box(this, 'Box', {
      name,
      cluster,
      vpc: network.vpc,
      subnets: PUBLIC,
      publicAddress: true,
      type: size.type,
      diskGiB: size.diskGiB,
      key,
      owner: TICKHOUSE_USER,
    })
    alarms.onDisk('Disk', box.diskUsed, 'the disk', true)
    // Of the machine's own credentials a bridged container is one hop too far away. Session Manager forwards the port;
    // the machine's group lets nobody in.
    const task = new Ec2TaskDefinition(this, 'Task', {
      networkMode: NetworkMode.BRIDGE,
      volumes: [{ name: 'data', host: { sourcePath: DATA } }],
    })
    const { logGroup, ...container } = containerOptions(this, options.image, COMMAND, options.environment)
    const linuxParameters = new LinuxParameters(this, 'Linux', { initProcessEnabled: true })
    linuxParameters.addTmpfs({ containerPath: '/tmp', size: 256 })
    task
      .addContainer(COMMAND, {
        ...container,
        memoryLimitMiB: size.memoryMiB,
        linuxParameters,
        portMappings: [{ containerPort: PORT, hostPort: PORT }],
      })
      .addMountPoints({ sourceVolume: 'data', containerPath: '/tickhouse/data', readOnly: false })
    for (const statement of statementsOf(COMMAND, resources, false)) task.addToTaskRolePolicy(statement)
    acknowledgeTask(task, resources)
    const service = new Ec2Service(this, 'Service', {
      cluster,
      serviceName: COMMAND,
      taskDefinition: task,
      capacityProviderStrategies: [{ capacityProvider: box.provider.capacityProviderName, weight: 1 }],
      // The data has one owner: the process before ends first.
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      circuitBreaker: { rollback: true },
    })
    alarms.onTasks(COMMAND, cluster.clusterName, service.serviceName, 1)
  }
}
