/** Details of a stage, and what to do when it is in trouble. Opens over the market, below the strip. */
import type { ComponentChildren } from 'preact'
import type { ArchivedSegment, MissingTrades } from '../../../src/serve/page/protocol.ts'
import type { RepairStatus } from '../../../src/sources/status.ts'
import type { PartitionAudit, StageStatuses } from '../../../src/status/model.ts'
import type { StripStage } from '../address.ts'
import { serverNowMs, stages } from '../store.ts'
import { age, bytes, count, day, diskLasts, duration, timeOfDay } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { usePolling } from '../ui/use-polling.ts'
import { show } from '../view.ts'
import { Connections } from './connection-details.tsx'
import { type Fact, Facts, headed, milliseconds, Table, TargetValue } from './facts.tsx'
import { atLeast, targetOf } from './targets.ts'

export function StageDetails({ name }: { name: StripStage }) {
  const all = stages.value
  return (
    <section class="details" id="stage-details" aria-label={`${name}: details`} data-testid="stage-details">
      <header>
        <h2>{name}</h2>
        {all && (
          <p class={`advice state-${all[name].state}`} data-testid="stage-advice">
            <StatusIcon kind={all[name].state} />
            <b>{all[name].state === 'off' ? 'not configured' : all[name].state}</b>
            <span>{all[name].advice}</span>
          </p>
        )}
        <button type="button" class="plain" onClick={() => show({ open: null })}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      {all ? DETAILS[name](all) : <p class="hint">Waiting for the first report of the stages.</p>}
    </section>
  )
}

/** Progress of the missing trades of a venue. */
function repairFact({ venue, missing, beyondReach = 0, trades, unrepairable, waitMs, why }: RepairStatus): Fact {
  const parts = [`${count(trades)} of ${count(trades + missing)}`]
  if (unrepairable > 0) parts.push(`${count(unrepairable)} not supplied`)
  if (beyondReach > 0) parts.push(`${count(beyondReach)} older than TICKHOUSE_REPAIR_REACH, not requested`)
  if (missing > 0 && waitMs > 1_000) parts.push(`next request in ${duration(waitMs)}${why && `: ${why}`}`)
  return [`repaired of ${venue}`, parts.join(', ')]
}

const DETAILS: Record<StripStage, (all: StageStatuses) => ComponentChildren> = {
  sources: ({ sources }) => <Connections connections={sources.connections} />,
  log: ({ log }) => (
    <>
      <Facts
        facts={[
          ['address', log.address],
          ['size', bytes(log.sizeBytes)],
          ['append p50', milliseconds(log.appendMs?.p50)],
          ['append p99', milliseconds(log.appendMs?.p99), targetOf('log_append_seconds', log.appendMs?.p99, 'p99')],
        ]}
      />
      <Table
        head={[
          'partition',
          'first offset',
          'next offset',
          'stored to',
          'lag, ticks',
          headed('lag', 'ingest_lag_seconds'),
        ]}
        rows={log.partitions.map(partition => [
          String(partition.partition),
          count(partition.first),
          count(partition.next),
          count(partition.stored),
          count(partition.lagTicks),
          <TargetValue value={duration(partition.lagMs)} target={targetOf('ingest_lag_seconds', partition.lagMs)} />,
        ])}
        empty="The log has no partitions yet."
      />
    </>
  ),
  ingest: ({ ingest }) => (
    <>
      <Facts
        facts={[
          ['stored since start', count(ingest.stored)],
          ['refused since start', count(ingest.refused)],
          ['gaps open', count(ingest.gapsOpen), targetOf('ingest_open_gaps', ingest.gapsOpen)],
          ...ingest.repairs.map(repairFact),
          ['lag', duration(ingest.lagMs), targetOf('ingest_lag_seconds', ingest.lagMs)],
          ['batch', `${count(ingest.batchTicks)} ticks`],
          ['insert p50', milliseconds(ingest.insertMs?.p50)],
          [
            'insert p99',
            milliseconds(ingest.insertMs?.p99),
            targetOf('ingest_insert_seconds', ingest.insertMs?.p99, 'p99'),
          ],
          [
            'batch age p99',
            milliseconds(ingest.batchAgeMs?.p99),
            targetOf('ingest_batch_age_seconds', ingest.batchAgeMs?.p99, 'p99'),
          ],
        ]}
      />
      <Table
        head={['refused because', 'ticks']}
        rows={Object.entries(ingest.refusedByReason)
          .sort((a, b) => b[1] - a[1])
          .map(([reason, ticks]) => [reason, count(ticks)])}
        empty="Nothing has been refused."
      />
      <Gaps />
    </>
  ),
  store: ({ store }) => (
    <>
      <Facts
        facts={[
          ['address', store.address],
          ...Object.entries(store.kinds).map(([kind, { ticks }]): [string, string] => [kind, count(ticks)]),
          ['size', bytes(store.sizeBytes)],
          ['parts', count(store.parts), targetOf('store_parts', store.parts)],
          ...Object.entries(store.kinds).map(([kind, { bytesPerTick }]): [string, string] => [
            `bytes a ${kind.replace(/s$/, '')}`,
            bytesPerTick === null ? '–' : bytesPerTick.toFixed(1),
          ]),
          freshness(store, 'p50'),
          freshness(store, 'p99'),
          [
            'disk free',
            store.diskFreeBytes === null ? '–' : bytes(store.diskFreeBytes),
            store.diskFreeBytes === null ? undefined : atLeast(store.diskFreeBytesMin, store.diskFreeBytes, bytes),
          ],
          ['disk lasts', diskLasts(store.diskFreeBytes, store.diskGrowthBytesPerDay)],
        ]}
      />
      <Audit audit={store.audit} />
      <Audits />
    </>
  ),
  archive: ({ archive: { verified, lagMs } }) =>
    verified && (
      <>
        <Facts
          facts={[
            ['address', verified.address ?? 'configured in the archiving process'],
            ['objects verified', count(verified.objects)],
            ['rows', count(verified.rows)],
            ['size', bytes(verified.sizeBytes)],
            ['behind', duration(lagMs), targetOf('archive_behind_seconds', lagMs)],
          ]}
        />
        <Segments />
      </>
    ),
}

const POLL_EVERY_MS = 15_000

function freshness({ freshnessQuantilesMs }: StageStatuses['store'], quantile: 'p50' | 'p99'): Fact {
  const ms = freshnessQuantilesMs?.[quantile]
  return [`freshness ${quantile}`, milliseconds(ms), targetOf('store_freshness_seconds', ms, quantile)]
}

function Gaps() {
  const gaps = usePolling<MissingTrades[]>('/api/gaps', POLL_EVERY_MS).value
  if (!gaps) return null
  return (
    <Table
      head={['missing trades of', 'ids', 'missing', 'state', 'cause', 'found']}
      rows={gaps.map(({ venue, symbol, first, last, missing, state, reason, detail, foundAtMs }) => [
        `${venue} ${symbol}`,
        `${first} to ${last}`,
        count(missing),
        state === 'open' ? state : `${state}: ${reason}`,
        detail || 'not known',
        `${age(serverNowMs.value - foundAtMs)} ago`,
      ])}
      empty="No trades are known to be missing."
    />
  )
}

function Audits() {
  const audits = usePolling<PartitionAudit[]>('/api/audits', POLL_EVERY_MS).value
  if (!audits || audits.length === 0) return null
  return (
    <Table
      head={['partition', 'last audit', 'ago', 'ticks', 'took', 'looked at']}
      rows={audits.map(audit => [
        String(audit.partition),
        <span class="with-mark">
          <StatusIcon kind={audit.passed ? 'ok' : 'trouble'} />
          {audit.passed ? 'passed' : 'failed'}
        </span>,
        age(serverNowMs.value - audit.atMs),
        count(audit.ticks),
        duration(audit.tookMs),
        audit.detail,
      ])}
      empty=""
    />
  )
}

function Segments() {
  const segments = usePolling<ArchivedSegment[]>('/api/slices', POLL_EVERY_MS).value
  if (!segments) return null
  return (
    <Table
      head={['verified last', 'of', 'partition', 'rows', 'size', 'bytes a row', 'state', 'verified', 'SHA-256']}
      rows={segments.map(segment => [
        segment.kind,
        `${day(segment.startMs, 'utc')} ${timeOfDay(segment.startMs, 'utc', false)}`,
        String(segment.partition),
        count(segment.rows),
        bytes(segment.bytes),
        segment.rows === 0 ? '–' : (segment.bytes / segment.rows).toFixed(1),
        segment.state,
        `${age(serverNowMs.value - segment.verifiedAtMs)} ago`,
        <span class="quiet" title={`${segment.key}: ${segment.sha256}`}>
          {segment.sha256.slice(0, 12)}
        </span>,
      ])}
      empty="Nothing is archived yet: an hour is archived a minute after it is over."
    />
  )
}

function Audit({ audit }: { audit: StageStatuses['store']['audit'] }) {
  if (!audit) return <p class="hint">The first audit has not run yet.</p>
  return (
    <p class={`advice ${audit.passed ? 'state-ok' : 'state-trouble'}`} data-testid="audit">
      <StatusIcon kind={audit.passed ? 'ok' : 'trouble'} />
      <b>audit {audit.passed ? 'passed' : 'failed'}</b>
      <span>
        {age(serverNowMs.value - audit.atMs)} ago: {audit.detail}
      </span>
    </p>
  )
}
