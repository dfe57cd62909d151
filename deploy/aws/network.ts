/**
 * A VPC without NAT. Public subnets for what needs the internet, without any inbound rule; isolated ones for the rest.
 * S3 is reached by a gateway endpoint, which is free.
 */
import { Fn } from 'aws-cdk-lib'
import {
  FlowLogDestination,
  FlowLogTrafficType,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2'
import { Construct } from 'constructs'
import { acknowledge } from './acknowledged.ts'
import { logGroupOf } from './logs.ts'

export const PUBLIC: SubnetSelection = { subnetType: SubnetType.PUBLIC }
export const ISOLATED: SubnetSelection = { subnetType: SubnetType.PRIVATE_ISOLATED }

/** What ECS tasks, the ECS agent and Session Manager call. */
const INTERFACES = {
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrImages: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  Metrics: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Ec2: InterfaceVpcEndpointAwsService.EC2,
  Ecs: InterfaceVpcEndpointAwsService.ECS,
  EcsAgent: InterfaceVpcEndpointAwsService.ECS_AGENT,
  EcsTelemetry: InterfaceVpcEndpointAwsService.ECS_TELEMETRY,
  Ssm: InterfaceVpcEndpointAwsService.SSM,
  SsmMessages: InterfaceVpcEndpointAwsService.SSM_MESSAGES,
} as const

export class Network extends Construct {
  readonly vpc: Vpc
  /** Where stages run that need no internet. */
  readonly inner: SubnetSelection

  constructor(scope: Construct, id: string, options: { zones: number; network: 'public' | 'private' }) {
    super(scope, id)
    const isolated = options.zones > 1
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/16'),
      availabilityZones: Array.from({ length: options.zones }, (_, zone) => Fn.select(zone, Fn.getAzs())),
      natGateways: 0,
      restrictDefaultSecurityGroup: false,
      subnetConfiguration: [
        { name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 22, mapPublicIpOnLaunch: false },
        ...(isolated ? [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 22 }] : []),
      ],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    })
    this.vpc.addFlowLog('Rejected', {
      trafficType: FlowLogTrafficType.REJECT,
      destination: FlowLogDestination.toCloudWatchLogs(logGroupOf(this, 'FlowLogs')),
    })
    this.inner = options.network === 'private' ? ISOLATED : PUBLIC
    if (options.network === 'private') this.#endpoints()
  }

  /** A group without inbound rules. `outbound`: to the internet on any port, else nothing until it is allowed. */
  group(id: string, description: string, outbound: boolean): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: outbound })
  }

  #endpoints(): void {
    const group = new SecurityGroup(this, 'Endpoints', { vpc: this.vpc, description: 'AWS services by endpoint' })
    group.addIngressRule(Peer.ipv4(this.vpc.vpcCidrBlock), Port.HTTPS, 'from the VPC')
    acknowledge(group, 'the endpoints accept HTTPS from this VPC only; its range is a reference', [
      'CdkNagValidationFailure',
      'AwsSolutions-EC23',
    ])
    for (const [name, service] of Object.entries(INTERFACES))
      this.vpc.addInterfaceEndpoint(name, { service, subnets: ISOLATED, securityGroups: [group], open: false })
  }
}
