/** What a station is made of, and what to do when it is in trouble. Opens over the market, below the route. */
import type { ComponentChildren } from 'preact'
import { METRICS, type MetricName } from '../../src/observe/metrics.ts'
import type { ArchivedSlice, AuditDone, ConnectionStatus, Stations } from '../../src/serve/protocol.ts'
import type { RouteStation } from './address.ts'
import { useAsked } from './asked.ts'
import { age, bytes, count, day, duration, rate, timeOfDay } from './format.ts'
import { Mark, type MarkKind } from './mark.tsx'
import { serverNowMs, stations } from './store.ts'
import { show } from './view.ts'

export function StationDetails({ name }: { name: RouteStation }) {
  const all = stations.value
  return (
    <section class="details" id="station-details" aria-label={`${name}: details`} data-testid="station-details">
      <header>
        <h2>{name}</h2>
        {all && (
          <p class={`advice state-${all[name].state}`} data-testid="station-advice">
            <Mark kind={all[name].state} />
            <b>{all[name].state === 'off' ? 'not configured' : all[name].state}</b>
            <span>{all[name].advice}</span>
          </p>
        )}
        <button type="button" class="plain" onClick={() => show({ open: null })}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      {all ? DETAILS[name](all) : <p class="hint">Waiting for the first report of the stations.</p>}
    </section>
  )
}

const DETAILS: Record<RouteStation, (all: Stations) => ComponentChildren> = {
  sources: ({ sources }) => <Connections connections={sources.connections} />,
  log: ({ log }) => (
    <>
      <Facts
        facts={[
          ['address', log.address],
          ['size', bytes(log.sizeBytes)],
          ['append p50', milliseconds(log.appendMs?.p50)],
          ['append p99', milliseconds(log.appendMs?.p99), target('log_append_seconds', 'p99')],
        ]}
      />
      <Table
        head={['partition', 'first offset', 'next offset', 'stored to', 'lag, ticks', 'lag']}
        rows={log.partitions.map(partition => [
          String(partition.partition),
          count(partition.first),
          count(partition.next),
          count(partition.stored),
          count(partition.lagTicks),
          duration(partition.lagMs),
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
          ['gaps open', count(ingest.gapsOpen), target('ingest_open_gaps')],
          ['lag', duration(ingest.lagMs), target('ingest_lag_seconds')],
          ['batch', `${count(ingest.batchTicks)} ticks`],
          ['insert p50', milliseconds(ingest.insertMs?.p50)],
          ['insert p99', milliseconds(ingest.insertMs?.p99), target('ingest_insert_seconds', 'p99')],
          ['batch age p99', milliseconds(ingest.batchAgeMs?.p99), target('ingest_batch_age_seconds', 'p99')],
        ]}
      />
      <Table
        head={['refused because', 'ticks']}
        rows={Object.entries(ingest.refusedByReason)
          .sort((a, b) => b[1] - a[1])
          .map(([reason, ticks]) => [reason, count(ticks)])}
        empty="Nothing has been refused."
      />
    </>
  ),
  store: ({ store }) => (
    <>
      <Facts
        facts={[
          ['address', store.address],
          ['trades', count(store.trades)],
          ['size', bytes(store.sizeBytes)],
          ['parts', count(store.parts), target('store_parts')],
          ['bytes a trade', store.bytesPerTrade === null ? '–' : store.bytesPerTrade.toFixed(1)],
          ['freshness p50', milliseconds(store.freshnessQuantilesMs?.p50), target('store_freshness_seconds', 'p50')],
          ['freshness p99', milliseconds(store.freshnessQuantilesMs?.p99), target('store_freshness_seconds', 'p99')],
          [
            'disk free',
            store.diskFreeBytes === null ? '–' : bytes(store.diskFreeBytes),
            store.diskFreeBytes === null ? undefined : `≥ ${bytes(store.diskFreeBytesMin)}`,
          ],
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
            ['address', verified.address],
            ['objects verified', count(verified.objects)],
            ['rows', count(verified.rows)],
            ['size', bytes(verified.sizeBytes)],
            ['behind', duration(lagMs), target('archive_behind_seconds')],
          ]}
        />
        <Slices />
      </>
    ),
}

const ASK_EVERY_MS = 15_000

/** What a figure should be, as it is declared with it: in the unit of its name. */
function target(name: MetricName, quantile?: string): string | undefined {
  const found = METRICS[name].targets?.find(({ labels }) => labels?.quantile === quantile)
  if (!found) return undefined
  const [sign, bound] = found.atMost === undefined ? ['≥', found.atLeast!] : ['≤', found.atMost]
  return `${sign} ${name.endsWith('_seconds') ? duration(bound * 1000) : count(bound)}`
}

function Audits() {
  const audits = useAsked<AuditDone[]>('/api/audits', ASK_EVERY_MS).value
  if (!audits || audits.length === 0) return null
  return (
    <Table
      head={['partition', 'last audit', 'ago', 'ticks', 'took', 'looked at']}
      rows={audits.map(audit => [
        String(audit.partition),
        <span class="with-mark">
          <Mark kind={audit.passed ? 'ok' : 'trouble'} />
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

function Slices() {
  const slices = useAsked<ArchivedSlice[]>('/api/slices', ASK_EVERY_MS).value
  if (!slices) return null
  return (
    <Table
      head={['verified last', 'of', 'partition', 'rows', 'size', 'bytes a row', 'state', 'verified', 'SHA-256']}
      rows={slices.map(slice => [
        slice.kind,
        `${day(slice.startMs, 'utc')} ${timeOfDay(slice.startMs, 'utc', false)}`,
        String(slice.partition),
        count(slice.rows),
        bytes(slice.bytes),
        slice.rows === 0 ? '–' : (slice.bytes / slice.rows).toFixed(1),
        slice.state,
        `${age(serverNowMs.value - slice.verifiedAtMs)} ago`,
        <span class="quiet" title={`${slice.key}: ${slice.sha256}`}>
          {slice.sha256.slice(0, 12)}
        </span>,
      ])}
      empty="Nothing is archived yet: an hour is archived a minute after it is over."
    />
  )
}

const milliseconds = (value: number | null | undefined): string => (value == null ? '–' : duration(value))

function Audit({ audit }: { audit: Stations['store']['audit'] }) {
  if (!audit) return <p class="hint">The first audit has not run yet.</p>
  return (
    <p class={`advice ${audit.passed ? 'state-ok' : 'state-trouble'}`} data-testid="audit">
      <Mark kind={audit.passed ? 'ok' : 'trouble'} />
      <b>audit {audit.passed ? 'passed' : 'failed'}</b>
      <span>
        {age(serverNowMs.value - audit.atMs)} ago: {audit.detail}
      </span>
    </p>
  )
}

const CONNECTION_MARKS: Record<ConnectionStatus['state'], MarkKind> = {
  open: 'ok',
  connecting: 'idle',
  waiting: 'waiting',
  closed: 'off',
}

function Connections({ connections }: { connections: ConnectionStatus[] }) {
  return (
    <Table
      head={[
        'connection',
        'state',
        'symbols',
        'ticks/s',
        'frames/s',
        'ticks',
        'refused',
        'reconnects',
        'last frame',
        'latency p50',
        'p99',
        'max',
      ]}
      rows={connections.map(connection => [
        <span>
          {connection.venue}{' '}
          <span class="quiet">
            {connection.id} · {connection.url}
          </span>
        </span>,
        <span class="with-mark">
          <Mark kind={CONNECTION_MARKS[connection.state]} />
          {connection.state}
        </span>,
        count(connection.symbols),
        rate(connection.ticksPerSecond),
        rate(connection.framesPerSecond),
        count(connection.ticks),
        count(connection.refused),
        count(connection.reconnects),
        connection.lastFrameAgeMs === null ? 'never' : age(connection.lastFrameAgeMs),
        milliseconds(connection.latencyMs?.p50),
        milliseconds(connection.latencyMs?.p99),
        milliseconds(connection.latencyMs?.max),
      ])}
      empty="No connections."
    />
  )
}

function Facts({ facts }: { facts: [name: string, value: string, target?: string | undefined][] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value, wanted]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {wanted && <span class="target"> {wanted}</span>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** First column is text, the others figures. */
function Table({ head, rows, empty }: { head: string[]; rows: ComponentChildren[][]; empty: string }) {
  if (rows.length === 0) return <p class="hint">{empty}</p>
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            {head.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, index) => (
            <tr key={index}>
              {cells.map((cell, column) => (
                <td key={head[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
