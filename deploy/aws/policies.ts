/** The IAM policy of a task role, from the tables of `rights.ts`. */
import { Fn } from 'aws-cdk-lib'
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'
import {
  GROUP,
  RIGHTS,
  RIGHTS_OF,
  RIGHTS_WITH_RETENTION,
  type RightStatement,
  type Role,
  STATUS_TOPIC,
  TICK_TOPICS,
} from './rights.ts'

export interface Archive {
  bucketArn: string
  /** Name of the bucket in the template. */
  bucketId: string
  keyArn: string
  prefix: string
}

/** The resources of a deployment that a right can be about. */
export interface Resources {
  /** ARN of the MSK cluster. */
  log?: string | undefined
  archive?: Archive | undefined
}

/** The policy of a role; empty for one without rights. */
export function statementsOf(role: Role, resources: Resources, retention: boolean): PolicyStatement[] {
  const rights = [...RIGHTS_OF[role], ...(retention ? (RIGHTS_WITH_RETENTION[role] ?? []) : [])]
  return rights.flatMap(right => {
    const about = right.startsWith('log:') ? resources.log : resources.archive
    if (about === undefined) return []
    return RIGHTS[right].map((statement: RightStatement) => {
      const prefix = resources.archive?.prefix
      return new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...statement.actions],
        resources: arnsOf(statement.on, resources),
        ...(statement.below && { conditions: { StringLike: { 's3:prefix': [`${prefix}/*`] } } }),
      })
    })
  })
}

function arnsOf(on: RightStatement['on'], { log, archive }: Resources): string[] {
  const inCluster = (kind: 'topic' | 'group', names: readonly string[]) => {
    const parts = Fn.split(':cluster/', log!)
    return names.map(name => Fn.join('', [Fn.select(0, parts), `:${kind}/`, Fn.select(1, parts), `/${name}`]))
  }
  switch (on) {
    case 'cluster':
      return [log!]
    case 'topics':
      return inCluster('topic', [...TICK_TOPICS, STATUS_TOPIC])
    case 'tick topics':
      return inCluster('topic', TICK_TOPICS)
    case 'status topic':
      return inCluster('topic', [STATUS_TOPIC])
    case 'group':
      return inCluster('group', [GROUP])
    case 'bucket':
      return [archive!.bucketArn]
    case 'objects':
      return [`${archive!.bucketArn}/${archive!.prefix}/*`]
    case 'key':
      return [archive!.keyArn]
  }
}
