import assert from 'node:assert/strict'
import fs from 'node:fs'
import { describe, test } from 'node:test'
import type { HealthAnswer, StageName } from '../../../src/status/health.ts'
import type { StageState } from '../../../src/status/model.ts'
import type { Condition } from '../../../src/watch/alerts/alerts.ts'
import { conditionsOf, type Probe, type SymbolProbe } from '../../../src/watch/alerts/conditions.ts'
import { nameOfSymbol } from '../../../src/watch/alerts/source-conditions.ts'

const NOW_MS = Date.UTC(2026, 10, 25, 12)
const INSTANCE = 'http://instance.example:8080'

function healthOf(
  states: Partial<Record<StageName, StageState>> = {},
  fields: Partial<HealthAnswer> = {},
): HealthAnswer {
  const names = ['sources', 'log', 'ingest', 'store', 'archive'] as const
  const stations = Object.fromEntries(
    names.map(name => [name, { state: states[name] ?? 'ok', advice: `${name} gives this advice.`, lagMs: 0 }]),
  )
  return {
    state: 'ok',
    version: '0',
    process: 'ingest',
    instance: 'i',
    startedAtMs: NOW_MS - 86_400_000,
    atMs: NOW_MS,
    following: [],
    builtInVenues: [],
    symbols: [],
    symbolsDown: [],
    venues: [],
    stations,
    audit: { atMs: NOW_MS, passed: true, detail: '' },
    diskFreeBytes: 10e9,
    diskFreeBytesMin: 1e9,
    archiveBehindMs: 0,
    ...fields,
  }
}

const symbol = (fields: Partial<SymbolProbe> = {}): SymbolProbe => ({
  venue: 'binance',
  symbol: 'BTCUSDT',
  newestMs: NOW_MS - 1_000,
  allowedMs: 15_000,
  ...fields,
})

const seen = (fields: Partial<Probe> = {}): Probe => ({
  nowMs: NOW_MS,
  instance: { url: INSTANCE, health: healthOf() },
  processes: [],
  data: { symbols: [symbol()] },
  references: { tried: 0, reached: 0 },
  ...fields,
})
const ofHealth = (health: HealthAnswer, fields: Partial<Probe> = {}) =>
  seen({ instance: { url: INSTANCE, health }, ...fields })
const names = (of: Probe) =>
  conditionsOf(of)
    .map(({ name }) => name)
    .sort()
const only = (of: Probe) => {
  const conditions = conditionsOf(of)
  assert.equal(conditions.length, 1, conditions.map(({ name }) => name).join())
  return conditions[0]!
}
const doesExplain = ({ explains }: Condition, name: string) => explains === 'all others' || explains.includes(name)
/** The conditions that would be sent: those that follow from others are not. */
const sent = (of: Probe) => {
  const all = conditionsOf(of)
  return all
    .filter(({ name }) => !all.some(other => other.name !== name && doesExplain(other, name)))
    .map(({ name }) => name)
}

test('a healthy instance has no conditions, also without symbols, archive or audit', () => {
  assert.deepEqual(names(seen()), [])
  assert.deepEqual(names(seen({ data: { symbols: [] } })), [])
  assert.deepEqual(
    names(ofHealth(healthOf({ archive: 'off' }, { audit: null, diskFreeBytes: null, archiveBehindMs: null }))),
    [],
  )
})

describe('an instance that does not answer', () => {
  const gone = { url: INSTANCE, failure: 'no answer within 5 s' }

  test('is down if a reference host can be reached, or there is none', () => {
    assert.equal(only(seen({ instance: gone })).name, 'house_down')
    const condition = only(seen({ instance: gone, references: { tried: 3, reached: 1 } }))
    assert.equal(condition.severity, 'critical')
    assert.match(condition.what, /no answer within 5 s/)
  })

  test('may be up if no reference host can be reached: sent afterwards', () => {
    const condition = only(seen({ instance: gone, references: { tried: 3, reached: 0 } }))
    assert.equal(condition.name, 'isolated')
    assert.equal(condition.sentAfterwards, true)
    assert.equal(condition.explains, 'all others')
  })

  test('while another process answers, the watcher has a network', () => {
    const processes = [{ url: 'http://recorder.example:9100', health: healthOf() }]
    const condition = only(seen({ instance: gone, processes, references: { tried: 1, reached: 0 } }))
    assert.equal(condition.name, 'house_down')
    assert.match(condition.what, /that answer: http:\/\/recorder/)
  })

  test('explains all other conditions', () => assert.equal(only(seen({ instance: gone })).explains, 'all others'))
})

describe('each stage in trouble', () => {
  for (const name of ['sources', 'log', 'ingest', 'store', 'archive'] as const)
    test(`${name} is an alert, with the advice of the stage`, () => {
      const condition = only(ofHealth(healthOf({ [name]: 'trouble' })))
      assert.equal(condition.name, `${name}_trouble`)
      assert.match(condition.what, new RegExp(`${name} gives this advice`))
      assert.equal(condition.severity, name === 'archive' ? 'warning' : 'critical')
    })
  for (const [name, wanted] of [
    ['sources', 'sources_degraded'],
    ['ingest', 'ingest_behind'],
    ['archive', 'archive_behind'],
  ] as const)
    test(`${name} that is behind is a warning`, () => {
      const condition = only(ofHealth(healthOf({ [name]: 'behind' })))
      assert.deepEqual([condition.name, condition.severity], [wanted, 'warning'])
    })

  test('ingest that is minutes behind is critical', () => {
    const health = healthOf({ ingest: 'behind' })
    health.stations.ingest!.lagMs = 61_000
    assert.equal(only(ofHealth(health)).severity, 'critical')
  })
})

test('a full disk, a failed audit and different clocks', () => {
  assert.equal(only(ofHealth(healthOf({}, { diskFreeBytes: 1e9 - 1 }))).name, 'disk_low')
  const audit = only(ofHealth(healthOf({}, { audit: { atMs: 1, passed: false, detail: '3 ticks are missing' } })))
  assert.deepEqual([audit.name, audit.probes], ['audit_failed', 1])
  assert.match(audit.what, /3 ticks/)
  for (const apartMs of [-6_000, 6_000])
    assert.deepEqual(names(ofHealth(healthOf({}, { atMs: NOW_MS + apartMs }), { data: { symbols: [] } })), [
      'clocks_apart',
    ])
  assert.deepEqual(names(ofHealth(healthOf({}, { atMs: NOW_MS + 4_000 }))), [])
})

describe('one cause is one alert', () => {
  const stale = { data: { symbols: [symbol({ newestMs: NOW_MS - 60_000 })] } }

  test('with everything that follows from it', () => {
    assert.deepEqual(sent(ofHealth(healthOf({ sources: 'trouble' }), stale)), ['sources_trouble'])
    assert.deepEqual(sent(ofHealth(healthOf({ log: 'trouble', sources: 'trouble', ingest: 'trouble' }), stale)), [
      'log_trouble',
    ])
    assert.deepEqual(sent(ofHealth(healthOf({ ingest: 'behind' }), stale)), ['ingest_behind'])
    assert.deepEqual(
      sent(
        ofHealth(
          healthOf({ log: 'trouble', ingest: 'trouble', store: 'trouble', archive: 'trouble' }, { diskFreeBytes: 0 }),
          stale,
        ),
      ),
      ['disk_low'],
    )
    assert.deepEqual(sent(ofHealth(healthOf({ sources: 'behind' }), stale)), ['stale'])
    assert.deepEqual(sent(ofHealth(healthOf({ archive: 'trouble' }), stale)).sort(), ['archive_trouble', 'stale'])
  })

  test('no two conditions explain each other, or none would be sent', () => {
    const everything = ofHealth(
      healthOf(
        { sources: 'trouble', log: 'trouble', ingest: 'trouble', store: 'trouble', archive: 'trouble' },
        { diskFreeBytes: 0, audit: { atMs: 1, passed: false, detail: '' }, atMs: NOW_MS + 60_000 },
      ),
      { ...stale, processes: [{ url: 'http://recorder.example', failure: 'gone' }] },
    )
    for (const of of [
      everything,
      ofHealth(healthOf({ sources: 'behind', ingest: 'behind', archive: 'behind' }), stale),
    ]) {
      const all = conditionsOf(of)
      for (const a of all)
        for (const b of all)
          if (a !== b) assert.ok(!(doesExplain(a, b.name) && doesExplain(b, a.name)), `${a.name} ${b.name}`)
      assert.ok(sent(of).length > 0)
    }
  })
})

describe('symbols', () => {
  test('with too long gaps are one alert, since the oldest tick', () => {
    const symbols = [
      symbol({ newestMs: NOW_MS - 15_001 }),
      symbol({ symbol: 'ETHUSDT', newestMs: NOW_MS - 90_000, allowedMs: 60_000 }),
      symbol({ symbol: 'QUIET', newestMs: NOW_MS - 7_200_000, allowedMs: 9_000_000 }),
      symbol({ symbol: 'UNKNOWN', newestMs: NOW_MS - 7_200_000, allowedMs: null }),
    ]
    const condition = only(seen({ data: { symbols } }))
    assert.equal(condition.name, 'stale')
    assert.equal(condition.probes, 1)
    assert.equal(condition.sinceMs, NOW_MS - 90_000)
    assert.deepEqual(condition.affected, ['binance ETHUSDT', 'binance BTCUSDT'])
    assert.match(condition.what, /2 of 3 symbols are stale/)
  })

  test('of an instance that has just started are stale only once they have been silent since', () => {
    const data = { symbols: [symbol({ newestMs: NOW_MS - 600_000 })] }
    assert.deepEqual(names(ofHealth(healthOf({}, { startedAtMs: NOW_MS - 15_000 }), { data })), [])
    assert.deepEqual(names(ofHealth(healthOf({}, { startedAtMs: NOW_MS - 15_001 }), { data })), ['stale'])
  })

  test('are evaluated by the clock of the instance, not the watcher’s', () => {
    assert.deepEqual(names(ofHealth(healthOf(), { nowMs: NOW_MS + 4_000_000 })), ['clocks_apart'])
  })

  test('that never had a tick are an alert once the instance ran for an hour', () => {
    const data = { symbols: [symbol({ newestMs: null, allowedMs: null })] }
    const condition = only(seen({ data }))
    assert.deepEqual([condition.name, condition.title], ['no_ticks', 'binance BTCUSDT has no ticks at all'])
    assert.deepEqual(names(ofHealth(healthOf({}, { startedAtMs: NOW_MS - 3_000_000 }), { data })), [])
  })

  test('that cannot be queried are an alert of their own', () => {
    const condition = only(seen({ data: { failure: 'no answer within 30 s' } }))
    assert.equal(condition.name, 'query_failing')
    assert.ok(doesExplain(condition, 'stale'), 'whether they are stale is not known')
  })

  test('are named up to fifty', () => {
    const symbols = Array.from({ length: 4_000 }, (_, index) => symbol({ symbol: `S${index}`, newestMs: 0 }))
    const condition = only(seen({ data: { symbols } }))
    assert.equal(condition.affected.length, 50)
    assert.match(condition.title, /^4000 symbols/)
  })
})

describe('further processes', () => {
  const recorder = 'http://recorder.example:9100'
  test('that do not answer are an alert', () => {
    const condition = only(seen({ processes: [{ url: recorder, failure: 'no answer within 5 s' }] }))
    assert.deepEqual([condition.name, condition.severity, condition.affected], ['station_down', 'critical', [recorder]])
  })
  test('with other clocks than the watcher’s are an alert: their receive times are wrong', () => {
    const processes = [
      { url: recorder, health: healthOf({}, { atMs: NOW_MS - 20_000 }) },
      { url: 'http://archiver.example:9100', health: healthOf({}, { atMs: NOW_MS + 1_000 }) },
    ]
    const condition = only(seen({ processes }))
    assert.deepEqual([condition.name, condition.affected], ['clocks_apart', [recorder]])
    assert.match(condition.what, /recorder.example:9100 is 20 s behind the watcher's/)
  })
  test('report conditions that the instance does not; a condition that both report is the instance’s', () => {
    const processes = [{ url: recorder, health: healthOf({ log: 'trouble' }) }]
    assert.deepEqual(only(seen({ processes })).affected, [recorder])
    assert.equal(only(ofHealth(healthOf({ log: 'trouble' }), { processes })).title, 'The log does not accept ticks')
  })
})

describe('text from outside', () => {
  const hostile = 'A\r\nBcc: x\u0000\u001b[2J\u202e\u2028é💥'

  test('becomes plain lines', () => {
    const health = healthOf({ log: 'trouble' })
    health.stations.log!.advice = hostile
    const stale = seen({ data: { symbols: [symbol({ symbol: hostile, newestMs: 0 })] } })
    for (const { title, what, affected } of [...conditionsOf(ofHealth(health)), ...conditionsOf(stale)])
      for (const text of [title, what, ...affected]) assert.doesNotMatch(text, /[\p{Cc}\u2028\u202e]/u)
    assert.equal(nameOfSymbol({ venue: 'v', symbol: hostile }), 'v A Bcc: x [2J é💥')
  })

  test('is limited in length', () => {
    const health = healthOf({ log: 'trouble' })
    health.stations.log!.advice = '💥'.repeat(100_000)
    const { what } = only(ofHealth(health))
    assert.ok(what.length <= 2_000 && what.isWellFormed())
    const name = nameOfSymbol({ venue: 'v', symbol: 'x'.repeat(100_000) })
    assert.ok(name.length <= 100)
  })
})

test('each condition has its section on the page that it names', () => {
  const page = new URL('../../../docs/watch.md', import.meta.url)
  const everything = [
    ofHealth(
      healthOf(
        { sources: 'trouble', log: 'trouble', ingest: 'trouble', store: 'trouble', archive: 'trouble' },
        { diskFreeBytes: 0 },
      ),
    ),
    ofHealth(
      healthOf(
        { sources: 'behind', ingest: 'behind', archive: 'behind' },
        { audit: { atMs: 1, passed: false, detail: '' } },
      ),
    ),
    seen({ instance: { url: INSTANCE, failure: 'gone' } }),
    seen({ instance: { url: INSTANCE, failure: 'gone' }, references: { tried: 1, reached: 0 } }),
    seen({ data: { failure: 'no' }, processes: [{ url: 'http://s.example', failure: 'gone' }] }),
    seen({ data: { symbols: [symbol({ newestMs: 0 }), symbol({ newestMs: null })] }, nowMs: NOW_MS + 60_000 }),
  ].flatMap(conditionsOf)
  assert.equal(new Set(everything.map(({ name }) => name)).size, 17)
  const text = fs.readFileSync(page, 'utf8')
  for (const { name, page: address } of everything) {
    assert.equal(address, `docs/watch.md#${name}`)
    assert.match(text, new RegExp(`^#+ \`?${name}\`?|id="${name}"`, 'm'), name)
  }
})

test('symbols that are not received are one alert with their names and the venue’s reasons; silent ones are left to stale', () => {
  const down = {
    venue: 'kraken',
    symbol: 'ETH/USD',
    kind: 'trades',
    state: 'refused',
    detail: 'Exceeded msg rate',
    forMs: 61_000,
  }
  const health = healthOf(
    { sources: 'behind' },
    { symbolsDown: [down, { ...down, symbol: 'SOL/USD', kind: 'trades', state: 'silent' }] },
  )
  assert.deepEqual(sent(ofHealth(health)), ['symbols_down'])
  const condition = conditionsOf(ofHealth(health)).find(({ name }) => name === 'symbols_down')!
  assert.equal(condition.title, 'kraken ETH/USD is not received')
  assert.match(condition.what, /^kraken ETH\/USD: trades are refused for .*: Exceeded msg rate\.$/)
  assert.deepEqual(condition.affected, ['kraken ETH/USD'])
  const quotes = { ...down, kind: 'quotes', forMs: 120_000 }
  const both = only(ofHealth(healthOf({}, { symbolsDown: [down, quotes, { ...quotes, symbol: 'A', state: 'ended' }] })))
  assert.equal(both.title, '2 symbols are not received')
  assert.match(
    both.what,
    /ETH\/USD: trades and quotes are refused for 2 min: Exceeded msg rate\. kraken A: quotes are ended/,
  )
  assert.deepEqual(both.affected, ['kraken ETH/USD', 'kraken A'])
  const many = healthOf(
    {},
    { symbolsDown: Array.from({ length: 12 }, (_, index) => ({ ...down, symbol: `S${index}` })) },
  )
  assert.match(only(ofHealth(many)).what, /And 2 more\.$/)
  assert.deepEqual(sent(ofHealth(healthOf({ sources: 'trouble' }, { symbolsDown: [down] }))), ['sources_trouble'])
})

test('a venue in maintenance is an alert, announced maintenance is not', () => {
  const venues = [
    { venue: 'kraken', state: 'maintenance', upcoming: '' },
    { venue: 'other', state: 'online', upcoming: 'Upgrade from 10:00' },
  ]
  const condition = only(ofHealth(healthOf({}, { venues })))
  assert.deepEqual([condition.name, condition.title], ['venue_not_online', 'kraken is in state maintenance'])
  assert.deepEqual(condition.affected, ['kraken'])
  assert.deepEqual(names(ofHealth(healthOf({}, { venues: venues.slice(1) }))), [])
})

test('strategies on paper that limits switched off are one warning at the first probe', () => {
  const off = (strategy: string, limit: string) => ({
    ...{ portfolio: 'demo', strategy, limit, value: 0.1234567, bound: 0.1, atMs: NOW_MS - 5_000 },
  })
  const one = only(seen({ data: { symbols: [symbol()], switchedOff: [off('fast', 'drawdown')] } }))
  assert.deepEqual([one.name, one.severity, one.probes], ['lab_limit', 'warning', 1])
  assert.equal(one.title, 'A limit switched off the strategy demo/fast')
  assert.equal(one.what, 'demo/fast reached drawdown: 0.123457, the limit is 0.1.')
  const two = only(
    seen({ data: { symbols: [symbol()], switchedOff: [off('fast', 'drawdown'), off('slow', 'daily_loss')] } }),
  )
  assert.deepEqual(two.affected, ['demo/fast', 'demo/slow'])
  const killed = only(seen({ data: { symbols: [symbol()], switchedOff: [off('fast', 'kill_switch')] } }))
  assert.equal(killed.what, 'The kill switch closed demo/fast.')
})

test('live runs that do not equal their replays are one warning at the first probe', () => {
  const differing = ['demo-1', 'demo-2'].map(run => ({
    ...{ run, portfolio: 'demo', difference: 'lab_fills: 1 only stored', atMs: NOW_MS - 5_000 },
  }))
  const one = only(seen({ data: { symbols: [symbol()], differing: differing.slice(1) } }))
  assert.deepEqual([one.name, one.severity, one.probes], ['lab_differs', 'warning', 1])
  assert.equal(one.title, 'The live run demo-2 does not equal its replay')
  assert.equal(one.what, 'demo, run demo-2: lab_fills: 1 only stored.')
  assert.match(one.next, /tickhouse lab verify demo-2/)
  assert.deepEqual(only(seen({ data: { symbols: [symbol()], differing } })).affected, ['demo-1', 'demo-2'])
})

test('models that drifted are one warning at the first probe, with each feature and what to do', () => {
  const features = [
    { name: 'flow', index: 0.3125 },
    { name: 'probability', index: 1.5 },
  ]
  const drifted = ['slow', 'fast'].map(strategy => ({
    ...{ portfolio: 'demo', strategy, features, bound: 0.25, atMs: NOW_MS - 5_000 },
  }))
  const one = only(seen({ data: { symbols: [symbol()], drifted: drifted.slice(1) } }))
  assert.deepEqual([one.name, one.severity, one.probes], ['lab_drift', 'warning', 1])
  assert.equal(one.what, 'demo/fast: population stability index of flow 0.3125, probability 1.5, the bound is 0.25.')
  assert.match(one.next, /Train it again/)
  assert.deepEqual(only(seen({ data: { symbols: [symbol()], drifted } })).affected, ['demo/slow', 'demo/fast'])
})

test('live runs that are not verified are one warning at the first probe', () => {
  const unverified = ['demo-1', 'demo-2'].map(run => ({
    ...{ run, portfolio: 'demo', playedUntilMs: Date.UTC(2026, 10, 25, 14), verifiedUntilMs: Date.UTC(2026, 10, 25) },
    dueMs: Date.UTC(2026, 10, 27, 1),
  }))
  const one = only(seen({ data: { symbols: [symbol()], unverified: unverified.slice(1) } }))
  assert.deepEqual([one.name, one.severity, one.probes], ['lab_unverified', 'warning', 1])
  assert.equal(
    one.what,
    'demo, run demo-2: nobody compared its rows from 2026-11-25 00:00 UTC to 2026-11-25 14:00 UTC.',
  )
  assert.match(one.next, /tickhouse lab verify demo-2/)
  assert.deepEqual(only(seen({ data: { symbols: [symbol()], unverified } })).affected, ['demo-1', 'demo-2'])
})

test('a transparency log that forked is critical at the first probe, one that cannot be cosigned a warning', () => {
  const faults = [{ url: INSTANCE, why: 'its 9 entries do not begin with the 5 that were cosigned' }]
  const forked = only(seen({ cosigning: { forked: faults, failed: [] } }))
  assert.deepEqual([forked.name, forked.severity, forked.probes], ['seal_forked', 'critical', 1])
  assert.match(forked.what, /its 9 entries do not begin with the 5/)
  assert.match(forked.next, /Keep both: the folder tlog/)
  const failing = only(seen({ cosigning: { forked: [], failed: faults } }))
  assert.deepEqual([failing.name, failing.severity], ['cosign_failing', 'warning'])
  assert.deepEqual(names(seen({ cosigning: { forked: [], failed: [] } })), [])
})
