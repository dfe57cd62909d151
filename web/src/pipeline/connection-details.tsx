/** The connections to venues, and their symbols that do not trade: in which state, since when, and why. */
import type { ConnectionStatus } from '../../../src/sources/connection/status.ts'
import { age, count, duration, rate } from '../ui/format.ts'
import { StatusIcon, type StatusKind } from '../ui/status-icon.tsx'
import { headed, milliseconds, Table, TargetValue } from './facts.tsx'
import { targetOf } from './targets.ts'

export function Connections({ connections }: { connections: ConnectionStatus[] }) {
  return (
    <>
      <ConnectionTable connections={connections} />
      <Venues connections={connections} />
      <NotLive connections={connections} />
    </>
  )
}

function Venues({ connections }: { connections: ConnectionStatus[] }) {
  const venues = new Map(connections.map(({ venue, venueStatus }) => [venue, venueStatus]))
  return [...venues].map(
    ([venue, status]) =>
      status &&
      (status.state !== 'online' || status.upcoming !== '') && (
        <p key={venue} class="advice" data-testid="venue-state">
          <StatusIcon kind={status.state === 'online' ? 'idle' : 'warn'} />
          <b>
            {venue}: {status.state}
          </b>
          <span>{status.upcoming}</span>
        </p>
      ),
  )
}

type SymbolRow = ConnectionStatus['notLive'][number]

const SYMBOL_MARKS: Record<SymbolRow['state'], StatusKind> = {
  requested: 'waiting',
  acknowledged: 'idle',
  live: 'ok',
  quiet: 'idle',
  unanswered: 'trouble',
  refused: 'trouble',
  ended: 'trouble',
  silent: 'trouble',
  halted: 'idle',
  delisted: 'trouble',
}

function NotLive({ connections }: { connections: ConnectionStatus[] }) {
  const rows = connections.flatMap(({ venue, notLive }) => notLive.map(row => ({ venue, ...row })))
  if (rows.length === 0) return null
  return (
    <div data-testid="symbols-not-live">
      <Table
        head={['symbol that does not trade', 'state', 'for', 'retried in', 'why']}
        rows={rows.map(({ venue, symbol, state, forMs, retryInMs, detail }) => [
          <span>
            {venue} {symbol}
          </span>,
          <span class="with-mark">
            <StatusIcon kind={SYMBOL_MARKS[state]} />
            {state}
          </span>,
          age(forMs),
          retryInMs === null ? '–' : duration(retryInMs),
          <span class="quiet">{detail}</span>,
        ])}
        empty=""
      />
    </div>
  )
}

function markOf({ state, silent, unreadable }: ConnectionStatus): StatusKind {
  return silent || unreadable ? 'trouble' : CONNECTION_MARKS[state]
}

function stateOf({ state, silent, unreadable }: ConnectionStatus): string {
  if (unreadable) return 'unreadable'
  return silent ? 'silent' : state
}

const CONNECTION_MARKS: Record<ConnectionStatus['state'], StatusKind> = {
  open: 'ok',
  connecting: 'idle',
  waiting: 'waiting',
  closed: 'off',
}

function ConnectionTable({ connections }: { connections: ConnectionStatus[] }) {
  return (
    <Table
      head={[
        'connection',
        'state',
        'symbols received',
        'ticks/s',
        'frames/s',
        'ticks',
        'refused',
        'reconnects',
        headed('last frame', 'source_silence_seconds'),
        'latency p50',
        headed('p99', 'source_latency_seconds', 'p99'),
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
          <StatusIcon kind={markOf(connection)} />
          {stateOf(connection)}
        </span>,
        <span class={connection.symbols < connection.symbolsRequested ? 'missed' : ''}>
          {count(connection.symbols)} of {count(connection.symbolsRequested)}
        </span>,
        rate(connection.ticksPerSecond),
        rate(connection.framesPerSecond),
        count(connection.ticks),
        count(connection.refused),
        count(connection.reconnects),
        <TargetValue
          value={connection.lastFrameAgeMs === null ? 'never' : age(connection.lastFrameAgeMs)}
          target={targetOf('source_silence_seconds', connection.quietMs)}
        />,
        milliseconds(connection.latencyMs?.p50),
        <TargetValue
          value={milliseconds(connection.latencyMs?.p99)}
          target={targetOf('source_latency_seconds', connection.latencyMs?.p99, 'p99')}
        />,
        milliseconds(connection.latencyMs?.max),
      ])}
      empty="No connections."
    />
  )
}
