import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type AlertState,
  type Condition,
  GONE_PROBES,
  type Message,
  NO_ALERTS,
  openAlerts,
  step,
} from '../../../src/watch/alerts/alerts.ts'
import { randomOf } from '../../support/data/tick-times.ts'

const EVERY_MS = 10_000
const TIMING = { everyMs: EVERY_MS, repeatMs: 3_600_000 }
const BEGIN_MS = Date.UTC(2026, 10, 22, 12)

function condition(name: string, fields: Partial<Condition> = {}): Condition {
  return {
    name,
    severity: 'critical',
    title: `${name} is wrong`,
    what: 'It does not work.',
    affected: [],
    next: 'Fix it.',
    page: `docs/watch.md#${name}`,
    probes: 2,
    explains: [],
    ...fields,
  }
}

/** Plays probes one after the other, and keeps the messages. */
class Watched {
  state: AlertState = NO_ALERTS
  nowMs = BEGIN_MS
  readonly sent: Message[] = []
  silencedUntilMs: (name: string) => number = () => 0
  unknown: (name: string) => boolean = () => false

  probe(...conditions: Condition[]): Message[] {
    const { silencedUntilMs, unknown, nowMs } = this
    const { state, messages } = step(this.state, { conditions, unknown, silencedUntilMs, nowMs }, TIMING)
    this.state = state
    this.sent.push(...messages)
    this.nowMs += EVERY_MS
    return messages
  }

  probes(count: number, ...conditions: Condition[]): Message[] {
    return Array.from({ length: count }, () => this.probe(...conditions)).flat()
  }

  get kinds(): string[] {
    return this.sent.map(({ kind, alert }) => `${kind} ${alert.name}`)
  }
}

describe('a condition', () => {
  test('is sent once it lasted for its probes, and closed once it was gone for some', () => {
    const addProbe = new Watched()
    assert.deepEqual(addProbe.probe(condition('a')), [])
    const [opened] = addProbe.probe(condition('a'))
    assert.equal(opened!.kind, 'opened')
    assert.equal(opened!.alert.sinceMs, BEGIN_MS, 'since the first probe that saw it')
    assert.equal(opened!.lastedMs, EVERY_MS)
    assert.deepEqual(addProbe.probes(10, condition('a')), [])
    assert.deepEqual(addProbe.probes(GONE_PROBES - 1), [])
    const [closed] = addProbe.probe()
    assert.equal(closed!.kind, 'closed')
    assert.equal(closed!.incident, opened!.incident)
    assert.equal(closed!.lastedMs, 12 * EVERY_MS, 'until the first probe that no longer saw it')
    assert.deepEqual(openAlerts(addProbe.state), [])
  })

  test('seen by one probe in three is never sent, and forgotten each time', () => {
    const addProbe = new Watched()
    for (let time = 0; time < 100; time++)
      assert.deepEqual([...addProbe.probe(condition('a')), ...addProbe.probes(2)], [])
    assert.deepEqual(addProbe.state.conditions, {})
  })

  for (const [probes, sent] of [
    [1, 1],
    [2, 5],
    [3, 9],
    [6, 21],
  ] as const)
    test(`seen by every other probe is sent once, at probe ${sent} if ${probes} in a row suffice, and closed in the end`, () => {
      const addProbe = new Watched()
      const seen = condition('a', { probes })
      for (let probe = 1; probe <= 300; probe++) {
        if (probe % 2) addProbe.probe(seen)
        else addProbe.probe()
        assert.deepEqual(addProbe.kinds, probe < sent ? [] : ['opened a'], `probe ${probe}`)
      }
      assert.equal(addProbe.sent[0]!.alert.sinceMs, BEGIN_MS)
      addProbe.probes(5)
      assert.deepEqual(addProbe.kinds, ['opened a', 'closed a'])
      assert.equal(addProbe.sent[1]!.lastedMs, 299 * EVERY_MS, 'until the first probe after the last that saw it')
    })

  test('seen by two probes of four is sent once, although it needs three in a row', () => {
    const addProbe = new Watched()
    for (let turn = 0; turn < 80; turn++) {
      addProbe.probes(2, condition('a', { probes: 3 }))
      addProbe.probes(2)
    }
    assert.deepEqual(addProbe.kinds, ['opened a'])
  })

  test('that comes and goes at random is a few messages in hours, at any rate', () => {
    for (const share of [0.2, 0.5, 0.8, 0.95]) {
      const addProbe = new Watched()
      const chance = randomOf(7)
      for (let probe = 0; probe < 6 * 360; probe++)
        if (chance() < share) addProbe.probe(condition('a'))
        else addProbe.probe()
      const turns = addProbe.sent.filter(({ kind }) => kind !== 'repeated')
      assert.ok(turns.length <= 8, `${share}: ${turns.length}`)
    }
  })

  test('with a known start is sent with it', () => {
    const addProbe = new Watched()
    const [opened] = addProbe.probe(condition('a', { probes: 1, sinceMs: BEGIN_MS - 60_000 }))
    assert.equal(opened!.alert.sinceMs, BEGIN_MS - 60_000)
    assert.equal(opened!.lastedMs, 60_000)
    const [, again] = [addProbe.probe(), addProbe.probe(condition('a', { sinceMs: BEGIN_MS - 5 }))]
    assert.deepEqual(again, [], 'still the same incident')
    assert.equal(openAlerts(addProbe.state)[0]!.sinceMs, BEGIN_MS - 60_000, 'the same as long as it lasts')
  })

  test('that lasts is sent again at the interval, with its current text', () => {
    const addProbe = new Watched()
    addProbe.probes(361, condition('a'))
    assert.deepEqual(addProbe.kinds, ['opened a'])
    const [repeated] = addProbe.probe(condition('a', { title: 'worse' }))
    assert.equal(repeated!.kind, 'repeated')
    assert.equal(repeated!.alert.title, 'worse')
  })

  test('that spreads is sent again, but not for each name', () => {
    const addProbe = new Watched()
    addProbe.probes(2, condition('a', { affected: ['x'] }))
    addProbe.probes(29, condition('a', { affected: ['x', 'y'] }))
    assert.deepEqual(addProbe.kinds, ['opened a'])
    const [more] = addProbe.probe(condition('a', { affected: ['x', 'y', 'z'] }))
    assert.equal(more!.kind, 'more')
    assert.deepEqual(more!.alert.affected, ['x', 'y', 'z'])
    addProbe.probes(60, condition('a', { affected: ['z'] }))
    assert.deepEqual(addProbe.kinds, ['opened a', 'more a'], 'fewer names are no news')
  })

  test('that comes and goes is closed later and later: few messages for many turns', () => {
    const addProbe = new Watched()
    for (let turn = 0; turn < 60; turn++) {
      addProbe.probes(3, condition('a'))
      addProbe.probes(3)
    }
    assert.ok(addProbe.sent.length <= 6, addProbe.kinds.join(', '))
    assert.equal(openAlerts(addProbe.state).length, 1, 'and it stays open')
    addProbe.probes(400)
    assert.equal(addProbe.sent.at(-1)!.kind, 'closed')
    assert.deepEqual(openAlerts(addProbe.state), [])
  })

  test('that cannot be evaluated stays as it is', () => {
    const addProbe = new Watched()
    addProbe.probes(2, condition('a'))
    addProbe.unknown = name => name === 'a'
    assert.deepEqual(addProbe.probes(100), [])
    assert.equal(openAlerts(addProbe.state).length, 1)
    addProbe.unknown = () => false
    assert.deepEqual(
      addProbe.probes(GONE_PROBES).map(({ kind }) => kind),
      ['closed'],
    )
  })
})

describe('a condition that follows from another', () => {
  const cause = condition('cause', { explains: ['effect'] })

  test('is not sent beside it', () => {
    const addProbe = new Watched()
    addProbe.probes(500, cause, condition('effect', { probes: 1 }))
    assert.deepEqual([...new Set(addProbe.sent.map(({ alert }) => alert.name))], ['cause'])
  })

  test('is sent if it outlives its cause, after a moment and its own probes', () => {
    const addProbe = new Watched()
    addProbe.probes(10, cause, condition('effect'))
    const kinds = Array.from({ length: 5 }, () =>
      addProbe.probe(condition('effect')).map(({ kind, alert }) => `${kind} ${alert.name}`),
    )
    assert.deepEqual(kinds, [[], ['closed cause'], [], ['opened effect'], []])
  })

  test('and settles slowly is sent only once it outlives its cause for that time', () => {
    const effect = condition('effect', { probes: 1, settleMs: 6 * EVERY_MS })
    const ending = new Watched()
    ending.probes(10, cause, effect)
    ending.probes(6, effect)
    ending.probes(20)
    assert.deepEqual(ending.kinds, ['opened cause', 'closed cause'])
    const staying = new Watched()
    staying.probes(10, cause, effect)
    staying.probes(20, effect)
    assert.deepEqual(staying.kinds, ['opened cause', 'closed cause', 'opened effect'])
  })

  test('and ends a moment after its cause is not sent at all', () => {
    const addProbe = new Watched()
    addProbe.probes(10, cause, condition('effect', { probes: 1 }))
    addProbe.probe(condition('effect', { probes: 1 }))
    addProbe.probes(10)
    assert.deepEqual(addProbe.kinds, ['opened cause', 'closed cause'])
  })

  test('and was sent before its cause is not closed while the cause lasts', () => {
    const addProbe = new Watched()
    addProbe.probes(2, condition('effect'))
    addProbe.probes(50, cause)
    addProbe.probes(6)
    assert.deepEqual(addProbe.kinds, ['opened effect', 'opened cause', 'closed cause', 'closed effect'])
  })
})

describe('a silence', () => {
  test('suppresses messages; an alert that is still open at its end is sent then', () => {
    const addProbe = new Watched()
    const untilMs = BEGIN_MS + 100 * EVERY_MS
    addProbe.silencedUntilMs = () => untilMs
    addProbe.probes(100, condition('a'))
    assert.deepEqual(addProbe.kinds, [])
    assert.equal(openAlerts(addProbe.state)[0]!.silencedUntilMs, untilMs, 'it is open all the same')
    assert.deepEqual(
      addProbe.probe(condition('a')).map(({ kind, alert }) => [kind, alert.silencedUntilMs]),
      [['opened', null]],
    )
  })

  test('leaves no message of an alert that opened and closed during it', () => {
    const addProbe = new Watched()
    addProbe.silencedUntilMs = () => Number.MAX_SAFE_INTEGER
    addProbe.probes(5, condition('a'), condition('b', { sentAfterwards: true }))
    addProbe.probes(5)
    assert.deepEqual(addProbe.kinds, [])
    assert.deepEqual(addProbe.state.conditions, {})
  })

  test('does not suppress the closing message of an alert that was sent before', () => {
    const addProbe = new Watched()
    addProbe.probes(2, condition('a'))
    addProbe.silencedUntilMs = () => Number.MAX_SAFE_INTEGER
    addProbe.probes(1_000, condition('a'))
    addProbe.probes(5)
    assert.deepEqual(addProbe.kinds, ['opened a', 'closed a'])
  })
})

test('a condition sent only afterwards is sent once, when it is over', () => {
  const addProbe = new Watched()
  addProbe.probes(1_000, condition('a', { sentAfterwards: true }))
  assert.deepEqual(addProbe.kinds, [])
  const [closed] = addProbe.probes(GONE_PROBES)
  assert.equal(closed!.kind, 'closed')
  assert.equal(closed!.lastedMs, 1_000 * EVERY_MS)
})

test('a watcher that lost its network, and then finds the instance down, sends both', () => {
  const addProbe = new Watched()
  const isolated = condition('isolated', { explains: 'all others', sentAfterwards: true })
  addProbe.probes(20, isolated)
  addProbe.probes(20, condition('house_down', { explains: 'all others' }))
  assert.deepEqual(addProbe.kinds, ['closed isolated', 'opened house_down'])
  assert.equal(addProbe.sent[0]!.lastedMs, 20 * EVERY_MS)
})

describe('a clock that was years ahead and is set right', () => {
  const AHEAD_MS = 3 * 365 * 86_400_000

  test('keeps no alert open', () => {
    const addProbe = new Watched()
    addProbe.probes(2, condition('a'))
    addProbe.nowMs += AHEAD_MS
    addProbe.probe()
    addProbe.nowMs -= AHEAD_MS
    addProbe.probes(GONE_PROBES + 1)
    assert.deepEqual(addProbe.kinds, ['opened a', 'closed a'])
  })

  test('suppresses no repetition', () => {
    const addProbe = new Watched()
    addProbe.nowMs += AHEAD_MS
    addProbe.probes(2, condition('a'))
    addProbe.nowMs -= AHEAD_MS
    addProbe.probes(362, condition('a'))
    assert.deepEqual(addProbe.kinds, ['opened a', 'repeated a'])
    assert.ok(addProbe.sent.every(({ lastedMs }) => lastedMs >= 0))
  })

  test('counts no flapping from the years ahead', () => {
    const addProbe = new Watched()
    addProbe.nowMs += AHEAD_MS
    addProbe.probes(2, condition('a'))
    addProbe.probes(GONE_PROBES)
    addProbe.nowMs -= AHEAD_MS
    addProbe.probe()
    assert.deepEqual(addProbe.state.closed, {})
  })
})

test('open alerts are sorted: critical first, then the oldest', () => {
  const addProbe = new Watched()
  addProbe.probe(condition('young', { probes: 1 }), condition('old', { probes: 1, sinceMs: 5 }), {
    ...condition('slight', { probes: 1, sinceMs: 1 }),
    severity: 'warning',
  })
  assert.deepEqual(
    openAlerts(addProbe.state).map(({ name }) => name),
    ['old', 'young', 'slight'],
  )
})

describe('for any sequence of probes', () => {
  const NAMES = ['cause', 'effect', 'other', 'afterwards']
  const of = (name: string, affected: string[]) =>
    condition(name, {
      affected,
      probes: name === 'effect' ? 1 : 2,
      explains: name === 'cause' ? ['effect'] : [],
      sentAfterwards: name === 'afterwards',
    })
  const probe = fc.record({
    seen: fc.uniqueArray(fc.constantFrom(...NAMES)),
    affected: fc.uniqueArray(fc.constantFrom('x', 'y', 'z')),
    silenced: fc.option(fc.constantFrom(...NAMES), { freq: 4, nil: undefined }),
    unknown: fc.option(fc.constantFrom(...NAMES), { freq: 4, nil: undefined }),
    /** Runs of the same: what is remembered only shows in those. */
    times: fc.integer({ min: 1, max: 40 }),
  })
  type Probe = typeof probe extends fc.Arbitrary<infer Value> ? Value : never
  const timing = { everyMs: EVERY_MS, repeatMs: 20 * EVERY_MS }

  function play(probes: readonly Probe[], between: (state: AlertState) => AlertState = state => state) {
    let [state, nowMs]: [AlertState, number] = [NO_ALERTS, BEGIN_MS]
    const sent: { message: Message; probe: Probe }[] = []
    for (const each of probes.flatMap(one => Array.from({ length: one.times }, () => one))) {
      const { seen, affected, silenced, unknown } = each
      const done = step(
        between(state),
        {
          conditions: seen.map(name => of(name, affected)),
          unknown: name => name === unknown,
          silencedUntilMs: name => (name === silenced ? nowMs + 1 : 0),
          nowMs,
        },
        timing,
      )
      state = done.state
      sent.push(...done.messages.map(message => ({ message, probe: each })))
      nowMs += EVERY_MS
    }
    return { state, sent }
  }

  test('each incident opens once, before its other messages, and closes at most once, after them', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 30 }), probes => {
        const { sent } = play(probes)
        for (const [incident, messages] of Map.groupBy(sent, ({ message }) => message.incident)) {
          const kinds = messages.map(({ message }) => message.kind)
          const wanted = incident.startsWith('afterwards') ? /^closed$/ : /^opened( repeated| more)*( closed)?$/
          assert.match(kinds.join(' '), wanted, incident)
        }
      }),
    )
  })

  test('each sent alert closes in the end, once nothing is wrong', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 20 }), probes => {
        const healthy = { seen: [], affected: [], silenced: undefined, unknown: undefined, times: 400 }
        const { sent, state } = play([...probes, healthy])
        const opened = sent.filter(({ message }) => message.kind === 'opened').length
        const closed = sent.filter(({ message: { kind, alert } }) => kind === 'closed' && alert.name !== 'afterwards')
        assert.equal(closed.length, opened)
        assert.deepEqual(state.conditions, {})
      }),
    )
  })

  test('nothing silenced, explained or for afterwards is sent, and nothing more often than allowed', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 30 }), probes => {
        const lastSent = new Map<string, number>()
        for (const { message, probe: during } of play(probes).sent) {
          const { kind, alert, incident, atMs, lastedMs } = message
          const { seen, silenced } = during
          assert.ok(lastedMs >= 0)
          assert.equal(seen.includes('cause') && alert.name === 'effect', false, 'explained')
          if (kind === 'closed') assert.ok(!seen.includes(alert.name))
          else assert.ok(seen.includes(alert.name) && silenced !== alert.name && alert.name !== 'afterwards')
          if (kind === 'repeated') assert.ok(atMs - lastSent.get(incident)! >= timing.repeatMs)
          lastSent.set(incident, atMs)
        }
      }),
    )
  })

  test('a watcher that restarts between any two probes sends the same messages', () => {
    fc.assert(
      fc.property(fc.array(probe, { maxLength: 20 }), probes => {
        assert.deepEqual(
          play(probes, state => JSON.parse(JSON.stringify(state))),
          play(probes),
        )
      }),
    )
  })
})
