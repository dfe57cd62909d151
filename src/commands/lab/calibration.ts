/** `tickhouse lab calibration`: what trading at the recorded quotes costs, by symbol and hour of the day. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { type Calibration, calibrate, HORIZONS } from '../../lab/calibration/calibrate.ts'
import { partsOf } from '../../lab/market/instrument.ts'
import { plainLine } from '../../plain-text.ts'
import { Range } from '../../replay/range.ts'
import { STORED_QUOTES } from '../../replay/stored-ticks.ts'
import { TRADES } from '../../tick/kinds.ts'
import { openStoreAccess } from '../open-store.ts'
import { timeRange } from '../parse-time.ts'

export interface CalibrationFlags {
  from?: string
  to?: string
  hours?: true
  json?: true
}

const LINE_LENGTH_MAX = 300
const DECIMALS = 3

/** `names` are venue:symbol each. Throws `usage` for one without quotes in this time. */
export async function labCalibration(config: Config, names: readonly string[], flags: CalibrationFlags): Promise<void> {
  for (const name of names) if (!/^[a-z0-9]+:\S+$/.test(name)) throw usage(`not a venue, a colon and a symbol: ${name}`)
  const access = await openStoreAccess(config)
  try {
    const rows: Calibration[] = []
    for (const name of names) {
      const { venue, symbol } = partsOf(name)
      const range = await Range.find(access.query, STORED_QUOTES, {
        venue,
        symbols: [symbol],
        ...timeRange(flags),
      })
      if (!range) throw usage(`no quotes of ${name} are stored in this time`)
      rows.push(...(await calibrate(access.query, name, range.firstNanos, range.lastNanos + 1n)))
    }
    const shown = rows.filter(({ hour }) => hour < 0 || flags.hours)
    if (flags.json) console.log(JSON.stringify(shown))
    else for (const line of describeCalibrations(shown)) console.log(plainLine(line, LINE_LENGTH_MAX))
  } finally {
    await access.close()
  }
}

/** Lines of a table; “–” where nothing is known. */
export function describeCalibrations(rows: readonly Calibration[]): string[] {
  const header = ['symbol', 'hour', 'quotes', 'half spread bps', 'money at the top', TRADES.name]
  const cells = rows.map(({ name, hour, quotes, halfSpread, topMoney, tradeCount, markouts }) => [
    ...[name, hour < 0 ? 'all' : String(hour).padStart(2, '0'), whole(quotes)],
    ...[
      decimal(halfSpread),
      Number.isNaN(topMoney) ? '–' : whole(topMoney),
      whole(tradeCount),
      ...markouts.map(decimal),
    ],
  ])
  const lines = [[...header, ...HORIZONS.map(seconds => `${seconds} s`)], ...cells]
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  return lines.map(line =>
    line.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
  )
}

const whole = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 })
const decimal = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(DECIMALS))

function usage(message: string): TickhouseError {
  return new TickhouseError('usage', message, 'List what is stored: tickhouse coverage --kind quotes')
}
