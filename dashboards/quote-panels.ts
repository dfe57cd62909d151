/** The row of quotes: best bid and ask, the spread between them, how many come. */

import { VizDisplayMode } from '@grafana/grafana-foundation-sdk/candlestick'
import { closedRow, type Row } from './board.ts'
import { candles, UP } from './market-panels.ts'
import { PER_SECOND } from './metrics.ts'
import { divided } from './panels.ts'
import { LAST_QUOTES, MIDDLE, QUOTES_PER_SECOND, SPREAD } from './quote-statements.ts'
import { ALL_DIGITS, sorted, table } from './tables.ts'

/** Seconds. */
const AGE = [
  { value: null, color: UP },
  { value: 60, color: 'orange' },
  { value: 600, color: 'text' },
]

export const quotesRow = (): Row =>
  closedRow('Quotes', [
    sorted(
      table(
        {
          title: 'Best bid and ask',
          description:
            'Symbols of the venue with a quote in the last ten minutes: best bid and ask with their sizes, spread in basis points of the middle price, quotes per second of the last minute, and age of the last quote.',
          width: 14,
          height: 10,
        },
        LAST_QUOTES,
        {
          symbol: { width: 110 },
          bid: { unit: ALL_DIGITS, align: 'right' },
          'bid size': { unit: 'short', decimals: 3, align: 'right', width: 90 },
          ask: { unit: ALL_DIGITS, align: 'right' },
          'ask size': { unit: 'short', decimals: 3, align: 'right', width: 90 },
          'spread, bp': { unit: 'none', decimals: 2, align: 'right', width: 90 },
          'quotes/s': { unit: 'none', decimals: 1, align: 'right', width: 80 },
          'last quote': { unit: 's', decimals: 0, steps: AGE, align: 'right', width: 85 },
        },
      ),
      'quotes/s',
    ),
    divided(
      { title: 'Quotes per second', description: 'Quotes per second, by venue, of all venues.', width: 10, height: 10 },
      PER_SECOND,
      QUOTES_PER_SECOND,
    ).interval('1s'),
    divided(
      {
        title: 'Spread',
        description:
          'Best ask minus best bid in basis points of the middle price, mean of the quotes of each step, by symbol.',
        width: 24,
      },
      'suffix: bp',
      SPREAD,
    ).interval('1s'),
    candles(
      {
        title: '$symbol: middle price, bid and ask',
        description: 'Candles of the middle of best bid and ask, and the last bid and ask of each step.',
        width: 24,
      },
      VizDisplayMode.Candles,
      MIDDLE,
    )
      .repeat('symbol')
      .repeatDirection('h')
      .maxPerRow(2),
  ])
