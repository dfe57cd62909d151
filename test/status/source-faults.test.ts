import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionStatus, SubscriptionState } from '../../src/sources/connection/status.ts'
import { measureRecorder } from '../../src/sources/metrics.ts'
import type { RecorderStatus } from '../../src/sources/status.ts'
import { evaluateSources } from '../../src/status/evaluation.ts'
import { sourceFaults, symbolsDown, venueStates } from '../../src/status/source-faults.ts'

function connection(fields: Partial<ConnectionStatus> = {}): ConnectionStatus {
  return {
    id: 'kraken-1',
    venue: 'kraken',
    url: 'ws://localhost',
    state: 'open',
    silent: false,
    unreadable: false,
    venueStatus: { state: 'online', upcoming: '' },
    symbols: 2,
    symbolsRequested: 2,
    states: { live: 2 },
    statesOfKinds: { trades: { live: 2 } },
    notLive: [],
    ticksPerSecond: 1,
    framesPerSecond: 1,
    ticks: 1,
    refused: 0,
    reconnects: 0,
    lastFrameAgeMs: 10,
    quietMs: 10,
    latencyMs: null,
    clockAheadMs: 0,
    ...fields,
  }
}

const withDown = (state: SubscriptionState, count = 1, of = 2) =>
  connection({
    symbols: of - count,
    symbolsRequested: of,
    states: { live: of - count, [state]: count },
    statesOfKinds: { trades: { live: of - count, [state]: count } },
    notLive: Array.from({ length: count }, (_, index) => ({
      symbol: `S${index}/USD`,
      kind: 'trades',
      state,
      detail: 'the words',
      forMs: 5000,
      retryInMs: 1000,
    })),
  })

const recorder = (...connections: ConnectionStatus[]): RecorderStatus => ({
  startedAtMs: 0,
  sources: 'kraken:S0/USD',
  unresolved: [],
  selection: { configured: 'kraken:S0/USD', outcomes: [] },
  simulated: null,
  received: 0,
  receivedPerSecond: 0,
  appendMs: null,
  paused: false,
  conflatedQuotes: 0,
  repairs: [],
  handover: null,
  connections,
  process: { cpuSeconds: 0, memoryBytes: 0, memoryLimitBytes: 1, eventLoopDelayMs: null },
  instance: 'i',
  events: {},
  lines: [],
})
const evaluate = (...connections: ConnectionStatus[]) => evaluateSources([recorder(...connections)])

test('sources are ok only while each connection is open and read, and each symbol is received', () => {
  assert.deepEqual(evaluate(connection()), ['ok', 'All connections are open.'])
  assert.equal(evaluate(withDown('acknowledged'))[0], 'ok')
  for (const down of ['refused', 'ended', 'unanswered', 'silent'] as const) {
    const [state, advice] = evaluate(withDown(down))
    assert.equal(state, 'behind')
    assert.match(advice, new RegExp(`kraken S0/USD \\(${down}: the words\\)`))
    assert.equal(evaluate(withDown(down, 2))[0], 'trouble', 'nothing is received')
    assert.equal(evaluate(withDown(down, 2), connection())[0], 'behind')
  }
  assert.match(evaluate(connection({ silent: true }), connection())[1], /kraken-1 receives nothing/)
  assert.equal(evaluate(connection({ silent: true }))[0], 'trouble')
  assert.equal(evaluate(connection({ unreadable: true }))[0], 'trouble')
  assert.match(evaluate(connection({ unreadable: true }))[1], /No frame of kraken-1 is readable/)
  const [state, advice] = evaluate(connection({ venueStatus: { state: 'maintenance', upcoming: '' } }))
  assert.deepEqual([state, advice], ['behind', 'kraken reports state maintenance.'])
  assert.equal(evaluate(connection({ venueStatus: { state: 'online', upcoming: 'soon' } }))[0], 'ok')
  assert.equal(evaluate(connection({ state: 'waiting' }))[0], 'trouble')
})

test('many symbols are named up to a bound, and counted', () => {
  const [fault] = sourceFaults([withDown('refused', 9, 10)])
  assert.match(fault!, /^Not received: trades of kraken S0\/USD .* and 4 more; subscribing again\.$/)
  assert.equal(symbolsDown([withDown('refused', 9, 10)]).length, 9)
  assert.deepEqual(symbolsDown([withDown('requested', 1, 10)]), [])
})

test('a venue is named once, however many connections there are to it', () => {
  const venueStatus = { state: 'cancel_only', upcoming: '' }
  assert.deepEqual(venueStates([connection({ venueStatus }), connection({ venueStatus })]), [
    { venue: 'kraken', ...venueStatus },
  ])
})

test('the metrics count received symbols, and the others by state; silence is known before any frame', () => {
  const figures = measureRecorder(
    recorder(
      { ...withDown('refused'), lastFrameAgeMs: null, quietMs: 90_000 },
      connection({ venueStatus: null, unreadable: true }),
      connection({ venueStatus: { state: 'maintenance', upcoming: '' } }),
    ),
  )
  const of = (name: string) => figures.filter(figure => figure.name === name)
  assert.deepEqual(
    of('source_symbols').map(({ value }) => value),
    [1, 2, 2],
  )
  assert.deepEqual(
    of('source_symbols_down')
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => [labels.state, value]),
    [['refused', 1]],
  )
  assert.equal(of('source_silence_seconds')[0]!.value, 90)
  assert.deepEqual(
    of('source_readable').map(({ value }) => value),
    [1, 0, 1],
  )
  assert.deepEqual(
    of('source_venue_online').map(({ value }) => value),
    [1, 1, 0],
  )
})

test('a pattern that was never compared with the venue’s list is stated, and trouble if nothing else is recorded', () => {
  const waiting = { ...recorder(), unresolved: ['kraken:*/USD'] }
  const [state, advice] = evaluateSources([waiting])
  assert.equal(state, 'trouble')
  assert.match(advice, /Nothing is recorded: kraken:\*\/USD: the venue's list was not read yet/)
  assert.equal(evaluateSources([{ ...waiting, connections: [connection()] }])[0], 'behind')
})
