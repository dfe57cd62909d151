/** Alarms to one topic: what AWS sees from outside, and what the watcher reports. */
import { Duration } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Rule } from 'aws-cdk-lib/aws-events'
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets'
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { FilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs'
import { Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import { Construct } from 'constructs'

/** Metrics of the stages' log lines and of the disk of the box. */
export const NAMESPACE = 'tickhouse'

export interface Threshold {
  /** Alarm below, or above. */
  below?: number
  above?: number
  minutes: number
  /** Whether no data is an alarm. */
  missingIsAlarm: boolean
  what: string
}

export class Alarms extends Construct {
  readonly topic: Topic
  readonly #name: string

  constructor(scope: Construct, id: string, options: { name: string; key: IKey; email: string | undefined }) {
    super(scope, id)
    this.#name = options.name
    this.topic = new Topic(this, 'Topic', { masterKey: options.key, enforceSSL: true })
    for (const service of ['cloudwatch.amazonaws.com', 'events.amazonaws.com'])
      options.key.grantEncryptDecrypt(new ServicePrincipal(service))
    if (options.email) this.topic.addSubscription(new EmailSubscription(options.email))
  }

  on(id: string, metric: IMetric, threshold: Threshold): void {
    const { below, above, minutes, missingIsAlarm, what } = threshold
    const alarm = new Alarm(this, id, {
      metric,
      alarmDescription: `tickhouse ${this.#name}: ${what}`,
      threshold: (below ?? above)!,
      comparisonOperator:
        below === undefined ? ComparisonOperator.GREATER_THAN_THRESHOLD : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: minutes,
      treatMissingData: missingIsAlarm ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    })
    const action = new SnsAction(this.topic)
    alarm.addAlarmAction(action)
    alarm.addOkAction(action)
  }

  /** An unhealthy task is stopped and replaced: it is missing meanwhile. */
  onTasks(id: string, cluster: string, service: string, count: number): void {
    const metric = new Metric({
      namespace: 'ECS/ContainerInsights',
      metricName: 'RunningTaskCount',
      dimensionsMap: { ClusterName: cluster, ServiceName: service },
      statistic: Stats.MINIMUM,
      period: Duration.minutes(1),
    })
    const what = `fewer than ${count} running and healthy tasks of ${id}`
    this.on(`${id}Tasks`, metric, { below: count, minutes: 5, missingIsAlarm: true, what })
  }

  /** Alerts of the watcher, which it writes to its log too. */
  onAlerts(logGroup: ILogGroup): void {
    const filter = new MetricFilter(this, 'Alerts', {
      logGroup,
      filterPattern: FilterPattern.stringValue('$.event', '=', 'alert_opened'),
      metricNamespace: NAMESPACE,
      metricName: `Alerts-${this.#name}`,
    })
    this.on('AlertOpened', filter.metric({ statistic: Stats.SUM, period: Duration.minutes(1) }), {
      above: 0,
      minutes: 1,
      missingIsAlarm: false,
      what: 'an alert opened: see the log of watch',
    })
  }

  onDisk(id: string, metric: IMetric, what: string, missingIsAlarm: boolean): void {
    this.on(id, metric, { above: 80, minutes: 2, missingIsAlarm, what: `more than 80 % of ${what} is used` })
  }

  /** A deployment that was rolled back. */
  onDeployments(clusterArn: string): void {
    new Rule(this, 'DeploymentFailed', {
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Deployment State Change'],
        detail: { eventName: ['SERVICE_DEPLOYMENT_FAILED'], clusterArn: [clusterArn] },
      },
      targets: [new SnsTopic(this.topic)],
    })
  }
}
