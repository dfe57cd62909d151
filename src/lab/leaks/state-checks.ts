/** Checks of what a strategy arrives at: its positions, its fills, its features. */
import { type Finding, timeText } from './finding.ts'
import type { Played } from './play.ts'
import type { SampledRow } from './watched.ts'

/** Moments at which two runs are compared, and the share of them that may differ. */
const MOMENTS = 200
const APART_MAX = 0.1
/** Of features, relative: means that forget slowly differ a little. */
const CLOSE = 1e-6
/** Fewer fills show nothing. */
const FILLS_MIN = 5
const AT_MARK_SHARE = 0.95

/** Whether a run that began later has the same positions, by their signs, and features from a moment on. */
export function startsApart(
  first: Played,
  later: Played,
  fromMicros: number,
  untilMicros: number,
  names: readonly string[],
): Finding {
  const check = 'start'
  let apart = 0
  for (const name of names) {
    const [one, two] = [signs(first, name, fromMicros, untilMicros), signs(later, name, fromMicros, untilMicros)]
    for (const [at, sign] of one.entries()) if (sign !== two[at]) apart++
  }
  const share = apart / (MOMENTS * names.length)
  if (share > APART_MAX)
    return {
      check,
      state: 'leak',
      detail: `its positions depend on where a run begins: they differ for ${(share * 100).toFixed(0)} % of the later half`,
    }
  const late = later.samples.filter(({ timeMicros }) => timeMicros >= fromMicros)
  const apartRow = firstApart(first.samples, late, CLOSE)
  if (apartRow) return { check, state: 'leak', detail: `its features depend on where a run begins: ${apartRow}` }
  return {
    check,
    state: 'ok',
    detail: `begun later, it has the same positions for ${((1 - share) * 100).toFixed(0)} % of the later half`,
  }
}

/** The signs of a position at moments of a time. */
function signs({ fills }: Played, name: string, fromMicros: number, untilMicros: number): number[] {
  const ofIt = fills.filter(({ venue, symbol }) => `${venue}:${symbol}` === name)
  let [next, position] = [0, 0]
  return Array.from({ length: MOMENTS }, (_, at) => {
    const moment = fromMicros + ((untilMicros - fromMicros) * at) / MOMENTS
    for (; next < ofIt.length && microsOf(String(ofIt[next]!.at)) <= moment; next++)
      position += (ofIt[next]!.side === 'buy' ? 1 : -1) * Number(ofIt[next]!.quantity)
    return Math.abs(position) < 1e-9 ? 0 : Math.sign(position)
  })
}

const microsOf = (text: string) =>
  Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) * 1000 + Number(text.slice(20, 26))

/** Whether orders are filled at the price that the strategy saw: no spread, no delay. */
export function fillsAtMark({ decisions, fills }: Played): Finding {
  const check = 'fills'
  const marks = new Map(decisions.filter(({ orderId }) => orderId > 0).map(({ orderId, mark }) => [orderId, mark]))
  // The first of each order: the rest of a large one meets later prices anyway.
  const seen = new Set<unknown>()
  const takers = fills.filter(({ maker, order_id: id }) => {
    const isFirst = !seen.has(id)
    seen.add(id)
    return !maker && isFirst && marks.has(Number(id))
  })
  if (takers.length < FILLS_MIN)
    return { check, state: 'ok', detail: `${takers.length} fills of a taker: too few to compare` }
  const same = takers.filter(({ order_id: id, price }) => Number(price) === marks.get(Number(id))).length
  const text = `${same} of ${takers.length} first fills of a taker are at the price that marked the instrument when it decided`
  if (same < AT_MARK_SHARE * takers.length) return { check, state: 'ok', detail: text }
  return { check, state: 'leak', detail: `${text}: set slippage_ticks and order_latency_ms, or record quotes` }
}

/** Whether features in play equal those of training, to the last bit. */
export function parity(played: readonly SampledRow[], trained: readonly SampledRow[]): Finding {
  const check = 'parity'
  const keys = new Set(trained.map(keyOf))
  const both = played.filter(row => keys.has(keyOf(row)))
  if (both.length === 0)
    return { check, state: 'unknown', detail: 'no row of its training is of this time: --from and --to' }
  const apart = firstApart(trained, both, 0)
  if (apart) return { check, state: 'leak', detail: `features in play are not those of training: ${apart}` }
  return { check, state: 'ok', detail: `${both.length} rows of features equal those of training` }
}

const keyOf = ({ timeMicros, instrument }: SampledRow) => `${timeMicros} ${instrument}`

/** The first row of `others` whose values are not those of the same time in `rows`. */
function firstApart(rows: readonly SampledRow[], others: readonly SampledRow[], close: number): string | undefined {
  const byKey = new Map(rows.map(row => [keyOf(row), row.values]))
  for (const row of others) {
    const values = byKey.get(keyOf(row))
    if (!values) continue
    const at = row.values.findIndex((value, column) => !isClose(value, values[column]!, close))
    if (at >= 0 || values.length !== row.values.length)
      return `${timeText(row.timeMicros)}, ${row.instrument}, feature ${at + 1}: ${values[at]} and ${row.values[at]}`
  }
  return undefined
}

function isClose(one: number, two: number, close: number): boolean {
  return Object.is(one, two) || one === two || Math.abs(one - two) <= close * Math.max(Math.abs(one), Math.abs(two))
}
