import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeCounts, describeSymbols } from '../../../src/commands/running/status.ts'

const row = { venue: 'kraken', kind: 'trades', detail: '', sinceMs: Date.UTC(2026, 0, 2, 3, 4, 5), firstTickMs: null }

test('symbols are counted by venue, kind and state, and those that are down are named with the reason', () => {
  const down = {
    venue: 'kraken',
    symbol: 'X/USD',
    kind: 'quotes',
    state: 'refused',
    detail: 'not\nsupported',
    forMs: 61_000,
  }
  const lines = describeCounts({
    symbols: [
      { venue: 'binance', kind: 'trades', states: { live: 1500, halted: 2 } },
      { venue: 'kraken', kind: 'quotes', states: { live: 3, refused: 1 } },
    ],
    symbolsDown: [down],
  })
  assert.deepEqual(lines.slice(1, 4), [
    'venue    kind    live  halted  refused',
    'binance  trades  1500  2       0',
    'kraken   quotes  3     0       1',
  ])
  assert.match(lines.at(-1)!, /^down {6}kraken X\/USD quotes: refused for 61 s: not.*supported$/)
  assert.deepEqual(describeCounts({ symbols: [], symbolsDown: [] }), [])
})

test('each symbol is a row, those that are down first', () => {
  const lines = describeSymbols([
    { ...row, symbol: 'B/USD', state: 'live', firstTickMs: row.sinceMs },
    { ...row, symbol: 'A/USD', state: 'live' },
    { ...row, symbol: 'C/USD', state: 'ended', detail: 'the words' },
  ])
  assert.deepEqual(lines.slice(1), [
    'venue   symbol  kind    state  since (UTC)          first tick (UTC)',
    'kraken  C/USD   trades  ended  2026-01-02 03:04:05  -                    the words',
    'kraken  A/USD   trades  live   2026-01-02 03:04:05  -',
    'kraken  B/USD   trades  live   2026-01-02 03:04:05  2026-01-02 03:04:05',
  ])
})
