/** The recorded market: all symbols of a venue, candles, volume and ticks of the chosen ones, quotes. */
import { VizDisplayMode } from '@grafana/grafana-foundation-sdk/candlestick'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, closedRow, row } from './board.ts'
import { choice, choices, eventAnnotations } from './clickhouse.ts'
import { activity, candles, DOWN, UP, volume } from './market-panels.ts'
import {
  ACTIVITY,
  ALL_SYMBOLS,
  CANDLES,
  CANDLES_AND_VOLUME,
  LAST_TICKS,
  LATENCY,
  LOGGED_SINCE,
  OF_VENUE,
  TRADES_PER_SECOND,
  VOLUME_BY_SIDE,
} from './market-statements.ts'
import { PER_SECOND } from './metrics.ts'
import { divided } from './panels.ts'
import { quotesRow } from './quote-panels.ts'
import { ALL_DIGITS, sorted, table } from './tables.ts'

const FALL_OR_RISE = [
  { value: null, color: DOWN },
  { value: 0, color: 'text' },
  { value: 1e-9, color: UP },
]
/** Seconds. Many symbols are quiet for minutes, which is no fault: no red. */
const AGE = [
  { value: null, color: UP },
  { value: 60, color: 'orange' },
  { value: 600, color: 'text' },
]

const allSymbols = () =>
  sorted(
    table(
      {
        title: 'All symbols',
        description:
          'Symbols of the venue: last price, change since the first trade of the time range, and trend; volume and turnover (price times volume) of the last hour, trades per second of the last minute, and age of the last trade.',
        width: 14,
        height: 10,
      },
      ALL_SYMBOLS,
      {
        symbol: { width: 100 },
        last: { unit: ALL_DIGITS, align: 'right', width: 90 },
        change: { unit: 'percentunit', decimals: 2, steps: FALL_OR_RISE, align: 'right', width: 75 },
        trend: { sparkline: true },
        'volume, 1 h': { unit: 'short', decimals: 2, align: 'right', width: 95 },
        'turnover, 1 h': { unit: 'short', decimals: 2, align: 'right', width: 105 },
        'trades/s': { unit: 'none', decimals: 1, align: 'right', width: 75 },
        'last trade': { unit: 's', decimals: 0, steps: AGE, align: 'right', width: 85 },
      },
    ),
    'turnover, 1 h',
  )

const lastTicks = () =>
  table({ title: '$symbol: last ticks', description: 'The newest 100 trades.', width: 8, height: 17 }, LAST_TICKS, {
    time: { unit: 'time:HH:mm:ss.SSS', width: 105 },
    side: { texts: { buy: { text: 'buy', color: UP }, sell: { text: 'sell', color: DOWN } }, width: 55 },
    price: { align: 'right' },
    volume: { align: 'right' },
    'trade id': { align: 'right', width: 110 },
  })

export function market(): Dashboard {
  return board({
    uid: 'tickhouse-market',
    title: 'Tickhouse: market',
    description: 'The recorded market.',
    range: 'now-1h',
    refresh: '10s',
    variables: [
      choice({
        name: 'venue',
        label: 'Venue',
        sql: `SELECT venue FROM trades WHERE ${LOGGED_SINCE} GROUP BY venue ORDER BY count() DESC`,
      }),
      choices({
        name: 'symbol',
        label: 'Symbol',
        sql: `SELECT symbol FROM trades WHERE ${OF_VENUE} AND ${LOGGED_SINCE} GROUP BY symbol ORDER BY count() DESC LIMIT 1000`,
      }),
    ],
    annotations: [eventAnnotations('Errors', ['error'], 'red')],
    rows: [
      row('All symbols of the venue', [
        allSymbols(),
        activity(
          {
            title: 'Volume by symbol',
            description:
              'Volume of each step as a multiple of the average of the symbol in the time range. Shows the 20 symbols with most trades, and at most the last 6 hours of the range.',
            width: 10,
            height: 10,
          },
          ACTIVITY,
        ),
      ]),
      row(
        '$symbol',
        [
          candles(
            {
              title: '$symbol: candles',
              description:
                'Candles, computed from the trades, and the volume-weighted average price since the start of the time range.',
              width: 16,
            },
            VizDisplayMode.Candles,
            CANDLES,
          ),
          lastTicks(),
          volume(
            {
              title: '$symbol: volume by side',
              description: 'Volume of each step by side of the taker: a buy lifted an offer, a sell hit a bid.',
              width: 16,
              height: 5,
            },
            VOLUME_BY_SIDE,
          ),
        ],
        'symbol',
      ),
      quotesRow(),
      closedRow('Chosen symbols side by side', [
        candles(
          {
            title: '$symbol: candles and volume',
            description: 'Two symbols side by side: candles, volume, and the volume-weighted average price.',
            width: 24,
          },
          VizDisplayMode.CandlesVolume,
          CANDLES_AND_VOLUME,
        )
          .repeat('symbol')
          .repeatDirection('h')
          .maxPerRow(2),
      ]),
      closedRow('Chosen symbols: rates and latency', [
        divided(
          { title: 'Trades per second', description: 'Trades per second, by symbol.', width: 12 },
          PER_SECOND,
          TRADES_PER_SECOND,
        ).interval('1s'),
        divided(
          {
            title: 'Latency of trades, p99',
            description:
              "Time from the venue's timestamp of a trade until we received it; negative if the venue's clock is ahead.",
            width: 12,
          },
          's',
          LATENCY,
        ).interval('1s'),
      ]),
    ],
  })
}
