/** What is wrong, from the results of one probe: pure. docs/watch.md explains each condition and what to do. */

import type { HealthAnswer } from '../../status/health.ts'
import type { CosigningProbe } from '../cosigning/witness.ts'
import { formatDuration } from '../format-duration.ts'
import type { Condition } from './alerts.ts'
import { ofCosigning } from './cosigning-conditions.ts'
import { complete, type Draft } from './draft.ts'
import {
  type Differing,
  type Drifted,
  ofDrift,
  ofLab,
  ofReplays,
  ofVerifications,
  type SwitchedOff,
  type Unverified,
} from './lab-conditions.ts'
import { nameOfSymbol, ofSources, SOURCES_FOLLOW } from './source-conditions.ts'
import { ofAudit, ofDisk, ofStages } from './stage-conditions.ts'

/** A followed symbol at a probe. */
export interface SymbolProbe {
  venue: string
  symbol: string
  /** When its newest tick was received, ms since 1970 UTC; null without a tick. */
  newestMs: number | null
  /** The longest normal gap now, ms; null while too little is known. */
  allowedMs: number | null
}

/** The health of a process, or why it could not be fetched. */
export interface ProcessProbe {
  url: string
  health?: HealthAnswer
  failure?: string
}

/** The results of one probe. */
export interface Probe {
  /** The watcher's clock before the first request. */
  nowMs: number
  instance: ProcessProbe
  /** Further processes of a cluster. */
  processes: readonly ProcessProbe[]
  /** Undefined if the instance's health could not be fetched. */
  data?:
    | {
        symbols?: readonly SymbolProbe[]
        switchedOff?: readonly SwitchedOff[]
        differing?: readonly Differing[]
        unverified?: readonly Unverified[]
        drifted?: readonly Drifted[]
        failure?: string
      }
    | undefined
  /** Absent if the watcher does not cosign. */
  cosigning?: CosigningProbe | undefined
  /** Reference hosts that were tried because the instance did not answer, and how many of them could be reached. */
  references: { tried: number; reached: number }
}

/** A larger difference of clocks makes ages and availability wrong. */
const CLOCKS_APART_MS_MAX = 5_000
/** A followed symbol without a tick for this long was probably never known to the venue. */
const NO_TICKS_MS = 3_600_000

/** All conditions, in no order. */
export function conditionsOf(probe: Probe): Condition[] {
  const { health } = probe.instance
  const drafts = health
    ? [
        ...ofClocks(probe),
        ...ofDisk(health),
        ...ofSources(health),
        ...ofStages(health),
        ...ofAudit(health),
        ...ofProcesses(probe),
        ...ofData(probe, health),
        ...ofLab(probe.data?.switchedOff ?? []),
        ...ofReplays(probe.data?.differing ?? []),
        ...ofVerifications(probe.data?.unverified ?? []),
        ...ofDrift(probe.data?.drifted ?? []),
        ...(probe.cosigning ? ofCosigning(probe.cosigning) : []),
      ]
    : [instanceDown(probe)]
  // The instance may report the same condition as one of its processes: the instance comes first.
  return [...new Map(drafts.reverse().map(draft => [draft.name, complete(draft)])).values()]
}

function instanceDown({ instance: { url, failure = '' }, processes, references: { tried, reached } }: Probe): Draft {
  const explains = 'all others'
  if (tried > 0 && reached === 0 && processes.every(({ health }) => !health)) {
    return {
      name: 'isolated',
      severity: 'warning',
      title: 'The watcher lost its network',
      what: `Neither ${url} (${failure}) nor any of ${tried} other hosts could be reached. The state of the instance during that time is unknown.`,
      next: "Check the network of the watcher's machine. The page shows whether the instance kept running.",
      sentAfterwards: true,
      explains,
    }
  }
  const alive = processes.filter(({ health }) => health).map(process => process.url)
  const others =
    processes.length === 0
      ? ''
      : alive.length === 0
        ? ' None of its other processes answers.'
        : ` Other processes that answer: ${alive.join(', ')}.`
  return {
    name: 'house_down',
    severity: 'critical',
    title: `${url} does not answer`,
    what: `Cannot fetch its health: ${failure}.${others}`,
    next: 'Check that its processes run and read their last log lines. Restart it: it resumes where the store left off.',
    affected: [url],
    explains,
  }
}

function ofClocks({ nowMs, instance, processes }: Probe): Draft[] {
  const apart = [instance, ...processes].flatMap(({ url, health }) => {
    const apartMs = health ? nowMs - health.atMs : 0
    return Math.abs(apartMs) > CLOCKS_APART_MS_MAX ? [{ url, apartMs }] : []
  })
  if (apart.length === 0) return []
  const furthestMs = Math.max(...apart.map(({ apartMs }) => Math.abs(apartMs)))
  const clocks = apart.map(
    ({ url, apartMs }) =>
      `The clock of ${url} is ${formatDuration(Math.abs(apartMs))} ${apartMs > 0 ? 'behind' : 'ahead of'} the watcher's.`,
  )
  return [
    {
      name: 'clocks_apart',
      severity: 'warning',
      title: `Clocks differ by ${formatDuration(furthestMs)}`,
      what: `${clocks.join(' ')} A recorder with a wrong clock writes wrong receive times: its symbols may look stale or fresh when they are not.`,
      next: 'Synchronise the clocks of all machines with NTP.',
      affected: apart.map(({ url }) => url),
      probes: 6,
    },
  ]
}

/** Processes of a cluster. A healthy instance reports their conditions itself. */
function ofProcesses({ processes }: Probe): Draft[] {
  const silent = processes.filter(({ health }) => !health)
  const troubled = processes.flatMap(({ url, health }) =>
    Object.entries(health?.stations ?? {})
      .filter(([, { state }]) => state === 'trouble')
      .map(([stage, { advice }]) => ({ url, stage, advice })),
  )
  const drafts: Draft[] = []
  if (silent.length > 0)
    drafts.push({
      name: 'station_down',
      severity: 'critical',
      title: `${silent.length === 1 ? 'A process does' : `${silent.length} processes do`} not answer`,
      what: silent.map(({ url, failure }) => `${url}: ${failure}.`).join(' '),
      next: 'Check that the process runs, and read its last log lines.',
      affected: silent.map(({ url }) => url),
    })
  for (const [stage, reports] of Map.groupBy(troubled, each => each.stage))
    drafts.push({
      name: `${stage}_trouble`,
      severity: stage === 'archive' ? 'warning' : 'critical',
      title: `A process reports a problem: ${stage}`,
      what: reports.map(({ url, advice }) => `${url}: ${advice}`).join(' '),
      next: 'Read the log lines of that process.',
      affected: reports.map(({ url }) => url),
      explains: stage === 'log' ? ['sources_trouble', ...SOURCES_FOLLOW] : stage === 'sources' ? SOURCES_FOLLOW : [],
    })
  return drafts
}

function ofData({ data }: Probe, { atMs, startedAtMs }: HealthAnswer): Draft[] {
  if (!data) return []
  if (!data.symbols)
    return [
      {
        name: 'query_failing',
        severity: 'critical',
        title: 'The store does not answer queries',
        what: `Cannot see whether ticks are fresh: ${data.failure}.`,
        next: 'Check the load of the machine and read the log lines of the store on the page.',
        probes: 3,
        explains: ['stale', 'no_ticks'],
      },
    ]
  // An instance that was down has no tick of that time: what it has received since its start counts.
  const stale = data.symbols.filter(
    ({ newestMs, allowedMs }) =>
      newestMs !== null && allowedMs !== null && atMs - Math.max(newestMs, startedAtMs) > allowedMs,
  )
  const never = data.symbols.filter(({ newestMs }) => newestMs === null && atMs - startedAtMs > NO_TICKS_MS)
  const drafts: Draft[] = []
  if (stale.length > 0) {
    const [first] = stale.sort((a, b) => a.newestMs! - b.newestMs!)
    const known = data.symbols.filter(({ allowedMs }) => allowedMs !== null).length
    drafts.push({
      name: 'stale',
      severity: 'critical',
      title:
        stale.length === 1 ? `${nameOfSymbol(first!)} has no new ticks` : `${stale.length} symbols have no new ticks`,
      what: `The newest tick of ${nameOfSymbol(first!)} is ${formatDuration(atMs - first!.newestMs!)} old; at this hour its gaps are normally at most ${formatDuration(first!.allowedMs!)}. ${stale.length} of ${known} symbols are stale.`,
      next: 'Check whether the venue trades them now, and read the log lines of the sources on the page.',
      sinceMs: first!.newestMs!,
      affected: stale.map(nameOfSymbol),
      probes: 1,
      // What could not be received or stored is old until the next ticks come.
      settleMs: Math.max(...stale.map(({ allowedMs }) => allowedMs!)),
      explains: ['sources_degraded'],
    })
  }
  if (never.length > 0)
    drafts.push({
      name: 'no_ticks',
      severity: 'warning',
      title: `${never.length === 1 ? `${nameOfSymbol(never[0]!)} has` : `${never.length} symbols have`} no ticks at all`,
      what: 'They are in TICKHOUSE_SOURCES and the instance has run for an hour, but the store has no ticks of them since two days before the watcher started.',
      next: "Compare their spelling with the venue's.",
      affected: never.map(nameOfSymbol),
    })
  return drafts
}
