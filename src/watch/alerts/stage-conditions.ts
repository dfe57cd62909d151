/** What is wrong with the stages of an instance, from its health: pure. */

import type { HealthAnswer, StageName } from '../../status/health.ts'
import type { Severity } from '../../status/watch-report.ts'
import { METRICS, type MetricName } from '../../telemetry/metrics.ts'
import { formatDuration } from '../format-duration.ts'
import type { Draft } from './draft.ts'
import { SOURCES_FOLLOW } from './source-conditions.ts'

const INGEST_FOLLOWS = ['stale', 'no_ticks', 'archive_behind']
const BEHIND_CRITICAL_MS = 60_000

/** A stage in a state, and the alert about it. Its text is the stage's own advice. */
interface StageRule extends Pick<Draft, 'name' | 'next' | 'probes' | 'explains'> {
  stage: StageName
  state: 'trouble' | 'behind'
  severity: Severity | ((health: HealthAnswer) => Severity)
  title: string | ((health: HealthAnswer) => string)
  /** The metric whose target is not met. */
  target?: MetricName
}

const STAGE_RULES: readonly StageRule[] = [
  {
    name: 'log_trouble',
    stage: 'log',
    state: 'trouble',
    severity: 'critical',
    title: 'The log does not accept ticks',
    next: 'Check its disk, or its brokers and the network to them. Ticks beyond the memory buffer are lost; their ids are recorded as gaps.',
    explains: ['sources_trouble', 'ingest_trouble', ...SOURCES_FOLLOW, ...INGEST_FOLLOWS],
  },
  {
    name: 'ingest_trouble',
    stage: 'ingest',
    state: 'trouble',
    severity: 'critical',
    title: 'Ticks are not stored',
    next: 'Recording continues and the log keeps the ticks. Fix the cause: storing resumes by itself.',
    explains: INGEST_FOLLOWS,
  },
  {
    name: 'ingest_behind',
    stage: 'ingest',
    state: 'behind',
    severity: health => (lagMs(health) > BEHIND_CRITICAL_MS ? 'critical' : 'warning'),
    title: health => `Ingest is ${formatDuration(lagMs(health))} behind the log`,
    target: 'ingest_lag_seconds',
    next: 'If it does not catch up by itself, check the load of the machine and the insert times on the page.',
    probes: 3,
    explains: INGEST_FOLLOWS,
  },
  {
    name: 'store_trouble',
    stage: 'store',
    state: 'trouble',
    severity: 'critical',
    title: 'The store has a problem',
    next: 'Read the log lines of the store on the page.',
  },
  {
    name: 'archive_trouble',
    stage: 'archive',
    state: 'trouble',
    severity: 'warning',
    title: 'Archiving fails',
    next: 'Nothing is deleted from log or store meanwhile, so their disks fill up: fix it before they are full. See docs/archive.md.',
    explains: ['archive_behind'],
  },
  {
    name: 'archive_behind',
    stage: 'archive',
    state: 'behind',
    severity: 'warning',
    title: health => `The archive is ${formatDuration(health.archiveBehindMs ?? 0)} behind`,
    target: 'archive_behind_seconds',
    next: 'If it does not catch up by itself, read the log lines of the archive on the page.',
    probes: 6,
  },
]

export function ofStages(health: HealthAnswer): Draft[] {
  return STAGE_RULES.flatMap(({ stage, state, severity, title, target, ...draft }) => {
    const found = health.stations[stage]
    if (found?.state !== state) return []
    return {
      ...draft,
      severity: typeof severity === 'function' ? severity(health) : severity,
      title: typeof title === 'function' ? title(health) : title,
      what: target ? `${found.advice} The target is ${targetOf(target)} s.` : found.advice,
    }
  })
}

export function ofDisk({ diskFreeBytes, diskFreeBytesMin }: HealthAnswer): Draft[] {
  if (diskFreeBytes === null || diskFreeBytes >= diskFreeBytesMin) return []
  return [
    {
      name: 'disk_low',
      severity: 'critical',
      title: `${mebibytes(diskFreeBytes)} MiB free on the disk`,
      what: `Less than ${mebibytes(diskFreeBytesMin)} MiB are free on the store's disk. At half of that, storing and archiving pause: the remaining space is for the log. Nothing is deleted to free space.`,
      next: 'Free disk space, or delete archived data sooner: set TICKHOUSE_STORE_KEEP_DAYS and TICKHOUSE_LOG_KEEP_HOURS.',
      explains: [
        'log_trouble',
        'sources_trouble',
        'ingest_trouble',
        'store_trouble',
        'archive_trouble',
        ...SOURCES_FOLLOW,
        ...INGEST_FOLLOWS,
      ],
    },
  ]
}

export function ofAudit({ audit }: HealthAnswer): Draft[] {
  if (!audit || audit.passed) return []
  return [
    {
      name: 'audit_failed',
      severity: 'critical',
      title: 'Audit failed: log and tables differ',
      what: audit.detail,
      next: 'Keep the log, stop nothing, run tickhouse doctor, and see docs/recovery.md.',
      probes: 1,
      explains: ['store_trouble'],
    },
  ]
}

function lagMs({ stations }: HealthAnswer): number {
  return stations.ingest?.lagMs ?? 0
}

function targetOf(name: MetricName): number {
  return METRICS[name].targets![0]!.atMost!
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
