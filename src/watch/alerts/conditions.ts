/** From what a probe saw to what is wrong: pure. What each of them means and what to do is told in docs/watch.md. */

import { formatDuration } from '../../format-duration.ts'
import type { HealthAnswer, StageName } from '../../status/health.ts'
import { METRICS, type MetricName } from '../../telemetry/metrics.ts'
import type { Condition } from './alerts.ts'
import { complete, type Draft } from './draft.ts'
import { nameOfSymbol, ofSources, SOURCES_FOLLOW } from './source-conditions.ts'

/** A followed symbol, as a probe found it. */
export interface SymbolSeen {
  venue: string
  symbol: string
  /** When its newest tick was received, ms since 1970 UTC; null if it has none. */
  newestMs: number | null
  /** How long it may be silent now; null as long as too little is known of it. */
  allowedMs: number | null
}

/** What one probe saw. Failures are words. */
export interface Seen {
  /** The watcher's clock, before it asked. */
  nowMs: number
  house: { url: string; health?: HealthAnswer; failure?: string }
  /** Further stations that are asked for their health. */
  stations: readonly { url: string; health?: HealthAnswer; failure?: string }[]
  /** Undefined where the house was not asked, or did not answer its health. */
  data?: { symbols?: readonly SymbolSeen[]; failure?: string } | undefined
  /** Addresses that were tried since the house did not answer; how many of them could be reached. */
  references: { tried: number; reached: number }
}

/** Clocks that stray this far apart make ages and availability wrong. */
const CLOCKS_APART_MS_MAX = 5_000
/** A symbol that is followed and still has no tick after this long was probably never known to the venue. */
const NO_TICKS_MS = 3_600_000
/** Longer behind than this is no hiccup. */
const BEHIND_CRITICAL_MS = 60_000
const INGEST_FOLLOWS = ['stale', 'no_ticks', 'archive_behind']

/** All that is wrong, in no order. */
export function conditionsOf(seen: Seen): Condition[] {
  const { health } = seen.house
  const drafts = health
    ? [...ofClocks(seen), ...ofStations(health), ...ofOthers(seen), ...ofData(seen, health)]
    : [instanceDown(seen)]
  // A station may tell of itself what the house tells of it too: the house comes first.
  return [...new Map(drafts.reverse().map(draft => [draft.name, complete(draft)])).values()]
}

function instanceDown({ house: { url, failure = '' }, stations, references: { tried, reached } }: Seen): Draft {
  const explains = 'all others'
  if (tried > 0 && reached === 0 && stations.every(({ health }) => !health)) {
    return {
      name: 'isolated',
      severity: 'warning',
      title: 'The watcher could reach nothing',
      what: `Neither ${url} (${failure}) nor any of ${tried} other addresses could be reached: the watcher's own network was gone, and what the house did meanwhile is not known.`,
      next: "Look at the network of the watcher's machine. See the page for whether the house itself went on.",
      toldAfterwards: true,
      explains,
    }
  }
  const alive = stations.filter(({ health }) => health).map(({ url: address }) => address)
  const others =
    stations.length === 0
      ? ''
      : ` Of its other stations ${alive.length === 0 ? 'none answers' : `answer: ${alive.join(', ')}`}.`
  return {
    name: 'house_down',
    severity: 'critical',
    title: `${url} does not answer`,
    what: `The house cannot be asked: ${failure}.${others}`,
    next: 'See whether its processes run and what they said last; start it again: it goes on where the tables say it was.',
    affected: [url],
    explains,
  }
}

function ofClocks({ nowMs, house, stations }: Seen): Draft[] {
  const apart = [house, ...stations].flatMap(({ url, health }) => {
    const apartMs = health ? nowMs - health.atMs : 0
    return Math.abs(apartMs) > CLOCKS_APART_MS_MAX ? [{ url, apartMs }] : []
  })
  if (apart.length === 0) return []
  const furthestMs = Math.max(...apart.map(({ apartMs }) => Math.abs(apartMs)))
  const told = apart.map(
    ({ url, apartMs }) =>
      `The clock of ${url} is ${formatDuration(Math.abs(apartMs))} ${apartMs > 0 ? 'behind' : 'ahead of'} the watcher's.`,
  )
  return [
    {
      name: 'clocks_apart',
      severity: 'warning',
      title: `Clocks are ${formatDuration(furthestMs)} apart`,
      what: `${told.join(' ')} Times received are wrong where a recorder's clock is, and symbols then look silent or fresh that are not.`,
      next: 'Let all machines keep their time by NTP.',
      affected: apart.map(({ url }) => url),
      probes: 6,
    },
  ]
}

function ofStations(health: HealthAnswer): Draft[] {
  const { stations, audit, diskFreeBytes, diskFreeBytesMin } = health
  const drafts: Draft[] = []
  const advice = (name: StageName) => stations[name]?.advice ?? ''
  const isIn = (name: StageName, state: 'trouble' | 'behind') => stations[name]?.state === state
  const critical = (draft: Omit<Draft, 'severity'>) => drafts.push({ severity: 'critical', ...draft })
  const warning = (draft: Omit<Draft, 'severity'>) => drafts.push({ severity: 'warning', ...draft })

  if (diskFreeBytes !== null && diskFreeBytes < diskFreeBytesMin)
    critical({
      name: 'disk_low',
      title: `${mebibytes(diskFreeBytes)} MiB are left on the disk`,
      what: `Less than ${mebibytes(diskFreeBytesMin)} MiB are left where the store is. At half of that storing and archiving stop, and what is left is for the log. Nothing is deleted to make room.`,
      next: 'Make room, or let archived days leave: TICKHOUSE_STORE_KEEP_DAYS and TICKHOUSE_LOG_KEEP_HOURS.',
      explains: [
        'log_trouble',
        'sources_trouble',
        'ingest_trouble',
        'store_trouble',
        'archive_trouble',
        ...SOURCES_FOLLOW,
        ...INGEST_FOLLOWS,
      ],
    })
  if (isIn('log', 'trouble'))
    critical({
      name: 'log_trouble',
      title: 'The log does not take ticks',
      what: advice('log'),
      next: 'Look at its disk, or at its brokers and the way to them. What does not fit into memory meanwhile is lost, and known by id.',
      explains: ['sources_trouble', 'ingest_trouble', ...SOURCES_FOLLOW, ...INGEST_FOLLOWS],
    })
  drafts.push(...ofSources(health))
  if (isIn('ingest', 'trouble'))
    critical({
      name: 'ingest_trouble',
      title: 'Ticks are not stored',
      what: advice('ingest'),
      next: 'Recording goes on and the log keeps the ticks; mend what it says, and storing goes on by itself.',
      explains: INGEST_FOLLOWS,
    })
  const lagMs = stations.ingest?.lagMs ?? 0
  if (isIn('ingest', 'behind'))
    drafts.push({
      name: 'ingest_behind',
      severity: lagMs > BEHIND_CRITICAL_MS ? 'critical' : 'warning',
      title: `Storing is ${formatDuration(lagMs)} behind the log`,
      what: `${advice('ingest')} The target is ${limitOf('ingest_lag_seconds')} s.`,
      next: 'If it does not catch up by itself, look at the load of the machine and the insert times on the page.',
      probes: 3,
      explains: INGEST_FOLLOWS,
    })
  if (audit && !audit.passed)
    critical({
      name: 'audit_failed',
      title: 'The audit failed: log and tables do not agree',
      what: audit.detail,
      next: 'Keep the log, stop nothing, run: tickhouse doctor, and see docs/recovery.md.',
      probes: 1,
      explains: ['store_trouble'],
    })
  if (isIn('store', 'trouble'))
    critical({
      name: 'store_trouble',
      title: 'The store is in trouble',
      what: advice('store'),
      next: 'See the lines of the store on the page.',
    })
  if (isIn('archive', 'trouble'))
    warning({
      name: 'archive_trouble',
      title: 'Archiving fails',
      what: advice('archive'),
      next: 'Nothing leaves log or store meanwhile, so their disks fill: mend it before they are full. See docs/archive.md.',
      explains: ['archive_behind'],
    })
  if (isIn('archive', 'behind'))
    warning({
      name: 'archive_behind',
      title: `The archive is ${formatDuration(health.archiveBehindMs ?? 0)} behind`,
      what: `${advice('archive')} The target is ${limitOf('archive_behind_seconds')} s.`,
      next: 'If it does not catch up by itself, see the lines of the archive on the page.',
      probes: 6,
    })
  return drafts
}

/** Stations that are asked on their own: those of a cluster. What they say of themselves, the house says too, if it is well. */
function ofOthers({ stations }: Seen): Draft[] {
  const silent = stations.filter(({ health }) => !health)
  const troubled = stations.flatMap(({ url, health }) =>
    Object.entries(health?.stations ?? {})
      .filter(([, { state }]) => state === 'trouble')
      .map(([name, { advice }]) => ({ url, name, advice })),
  )
  const drafts: Draft[] = []
  if (silent.length > 0)
    drafts.push({
      name: 'station_down',
      severity: 'critical',
      title: `${silent.length === 1 ? 'A station does' : `${silent.length} stations do`} not answer`,
      what: silent.map(({ url, failure }) => `${url}: ${failure}.`).join(' '),
      next: 'See whether its process runs and what it said last.',
      affected: silent.map(({ url }) => url),
    })
  for (const [name, told] of Map.groupBy(troubled, each => each.name))
    drafts.push({
      name: `${name}_trouble`,
      severity: name === 'archive' ? 'warning' : 'critical',
      title: `A station is in trouble: ${name}`,
      what: told.map(({ url, advice }) => `${url}: ${advice}`).join(' '),
      next: 'See the lines of that station.',
      affected: told.map(({ url }) => url),
      explains: name === 'log' ? ['sources_trouble', ...SOURCES_FOLLOW] : name === 'sources' ? SOURCES_FOLLOW : [],
    })
  return drafts
}

function ofData({ data }: Seen, { atMs, startedAtMs }: HealthAnswer): Draft[] {
  if (!data) return []
  if (!data.symbols)
    return [
      {
        name: 'query_failing',
        severity: 'critical',
        title: 'The store does not answer queries',
        what: `Whether ticks are fresh cannot be seen: ${data.failure}.`,
        next: 'See the load of the machine and the lines of the store on the page.',
        probes: 3,
        explains: ['stale', 'no_ticks'],
      },
    ]
  const stale = data.symbols.filter(
    ({ newestMs, allowedMs }) => newestMs !== null && allowedMs !== null && atMs - newestMs > allowedMs,
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
      what: `The newest tick of ${nameOfSymbol(first!)} is ${formatDuration(atMs - first!.newestMs!)} old; by its own rhythm at this hour, at most ${formatDuration(first!.allowedMs!)} are usual. ${stale.length} of ${known} symbols are silent too long.`,
      next: 'See whether the venue trades them now, and the lines of the sources on the page.',
      sinceMs: first!.newestMs!,
      affected: stale.map(nameOfSymbol),
      probes: 1,
      explains: ['sources_degraded'],
    })
  }
  if (never.length > 0)
    drafts.push({
      name: 'no_ticks',
      severity: 'warning',
      title: `${never.length === 1 ? `${nameOfSymbol(never[0]!)} has` : `${never.length} symbols have`} no tick at all`,
      what: 'They are among the sources and the house has run for an hour, but nothing of them is in the store, back to two days before the watcher began.',
      next: "Compare their spelling with the venue's.",
      affected: never.map(nameOfSymbol),
    })
  return drafts
}

function limitOf(name: MetricName): number {
  return METRICS[name].targets![0]!.atMost!
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20)
}
