/** The lab: results, positions, orders, fills and limits of a run of strategies on paper, and whether it equals its replay. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { board, closedRow, row } from './board.ts'
import { choice, choicesOrAll } from './clickhouse.ts'
import {
  EQUITY,
  FEES,
  FILLS_BY_STRATEGY,
  GROSS,
  LAST_FILLS,
  LAST_ORDERS,
  LIMITS_REACHED,
  ORDERS_BY_STATE,
  PORTFOLIOS,
  POSITIONS,
  RESULT,
  RUNS,
  STRATEGIES,
  STRATEGIES_OF_RUN,
  VERIFICATIONS,
} from './lab-statements.ts'
import { DOWN, UP } from './market-panels.ts'
import { bars, divided, type ValueTexts } from './panels.ts'
import { AT, type Column, table } from './tables.ts'

const PAPER = 'Paper only: no order is sent to a venue.'
const MONEY: Column = { unit: 'locale', decimals: 2, align: 'right' }
const SHARE: Column = { unit: 'percentunit', decimals: 2, align: 'right' }
const COUNT: Column = { unit: 'locale', decimals: 0, align: 'right' }
const SIDE: Column = { texts: { buy: { text: 'buy', color: UP }, sell: { text: 'sell', color: DOWN } }, width: 55 }
const REPLAY: ValueTexts = { equal: { text: 'equal', color: 'green' }, differs: { text: 'differs', color: 'red' } }

export function lab(): Dashboard {
  return board({
    uid: 'tickhouse-lab',
    title: 'Tickhouse: lab',
    description: `Strategies on recorded ticks. ${PAPER}`,
    range: 'now-24h',
    refresh: '30s',
    variables: [
      choice({ name: 'portfolio', label: 'Portfolio', sql: PORTFOLIOS }),
      choice({ name: 'run', label: 'Run', sql: RUNS }),
      choicesOrAll({ name: 'strategy', label: 'Strategy', sql: STRATEGIES_OF_RUN }),
    ],
    rows: [
      row('Result', [
        divided(
          {
            title: 'Result by strategy',
            description: `Equity as a share of the capital, less 1, at each mark. ${PAPER}`,
            width: 14,
            height: 10,
          },
          'percentunit',
          RESULT,
        ),
        table(
          {
            title: 'Equals its replay?',
            description:
              'Each time that the run was played again and compared row by row, newest first. Live runs are verified every night.',
            width: 10,
          },
          VERIFICATIONS,
          { at: AT, replay: { texts: REPLAY, width: 75 }, 'rows until': AT, 'rows equal': { ...COUNT, width: 95 } },
        ),
      ]),
      row('Strategies', [
        table(
          {
            title: 'Strategies',
            description: `Each strategy of the run with its account at the last mark. ${PAPER}`,
            width: 24,
            height: 7,
          },
          STRATEGIES,
          {
            ...{ capital: MONEY, equity: MONEY, result: SHARE, 'max drawdown': SHARE, fees: MONEY, fills: COUNT },
          },
        ),
      ]),
      row('Positions and limits', [
        table(
          {
            title: 'Positions',
            description: 'What each strategy holds, and what was paid for it.',
            width: 12,
            height: 8,
          },
          POSITIONS,
          { quantity: { align: 'right' }, paid: MONEY },
        ),
        table(
          {
            title: 'Limits reached',
            description: 'The last 100 times that a limit was reached, and what followed. A drawdown is a share.',
            width: 12,
            height: 8,
          },
          LIMITS_REACHED,
          {
            at: AT,
            value: { unit: 'locale', decimals: 4, align: 'right', width: 110 },
            bound: { unit: 'locale', decimals: 4, align: 'right', width: 110 },
          },
        ),
      ]),
      closedRow('Orders and fills', [
        bars(
          { title: 'Fills by strategy', description: 'Paper fills in each step.', width: 12 },
          'short',
          FILLS_BY_STRATEGY,
        ).decimals(0),
        bars(
          { title: 'Orders by final state', description: 'Orders that ended in each step.', width: 12 },
          'short',
          ORDERS_BY_STATE,
        ).decimals(0),
        table({ title: 'Last fills', description: 'The newest 100 paper fills.', width: 12, height: 12 }, LAST_FILLS, {
          ...{ at: AT, side: SIDE, quantity: { align: 'right' }, price: { align: 'right' }, fee: MONEY },
        }),
        table(
          { title: 'Last orders', description: 'The newest 100 orders that have ended.', width: 12, height: 12 },
          LAST_ORDERS,
          { at: AT, side: SIDE, quantity: { align: 'right' }, limit: { align: 'right' } },
        ),
      ]),
      closedRow('Money', [
        divided(
          {
            title: 'Equity',
            description: 'Of each strategy at each mark, in the currency of the portfolio.',
            width: 8,
          },
          'none',
          EQUITY,
        ),
        divided(
          { title: 'Gross positions', description: 'Values of all positions without their signs.', width: 8 },
          'none',
          GROSS,
        ),
        divided({ title: 'Fees paid', description: 'Sum since the start of the run.', width: 8 }, 'none', FEES),
      ]),
    ],
  })
}
