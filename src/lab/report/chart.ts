/** The equity and the drawdown of a strategy as inline SVG, coloured by the page's styles. */
import type { Outcome } from '../results/outcome.ts'
import { clock, money, percent } from '../results/texts.ts'
import { escaped } from './elements.ts'

const WIDTH = 960
const EQUITY = { top: 10, height: 210 }
const DRAWDOWN = { top: 240, height: 70 }
const LEFT = 78
const RIGHT = 10
const HEIGHT = 336
/** More points than pixels would show nothing more. */
const POINTS_MAX = 1_600

interface Scale {
  low: number
  high: number
  top: number
  height: number
}

/** An empty text for fewer than two marks. */
export function equityChart({ capital, series, strategy }: Outcome, startMicros: number): string {
  if (series.equity.length < 2) return ''
  const times = [startMicros, ...series.timeMicros]
  const equity = [capital, ...series.equity]
  const held = series.holding.every(value => value > 0) ? [capital, ...series.holding.map(each => each * capital)] : []
  const lost = drawdowns(equity)
  const [begin, end] = [times[0]!, times.at(-1)!]
  const x = (micros: number) => LEFT + ((micros - begin) / Math.max(1, end - begin)) * (WIDTH - LEFT - RIGHT)
  const [low, high] = range([...equity, ...held])
  const scale = { low, high, ...EQUITY }
  const depth = Math.min(-1e-9, least(lost))
  const under = { low: depth, high: 0, ...DRAWDOWN }
  const path = (values: readonly number[], of: Scale) =>
    `M${thinned(values)
      .map(at => `${x(times[at]!).toFixed(1)} ${y(values[at]!, of).toFixed(1)}`)
      .join('L')}`
  const floor = `L${x(end).toFixed(1)} ${DRAWDOWN.top}L${x(begin).toFixed(1)} ${DRAWDOWN.top}Z`
  const title = `Equity and drawdown of ${strategy}`
  return [
    `<div class="chart"><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    ...ticksOf(low, high, 4).map(value => gridLine(value, scale, money(value, capital).replace(/\.0+$/, ''))),
    ...[0, depth].map(value => gridLine(value, under, percent(value))),
    ...timeTicks(begin, end, x),
    held.length > 0 ? `<path class="held" d="${path(held, scale)}"/>` : '',
    `<path class="capital" d="M${LEFT} ${y(capital, scale).toFixed(1)}H${WIDTH - RIGHT}"/>`,
    `<path class="equity" d="${path(equity, scale)}"/>`,
    `<path class="lost" d="${path(lost, under)}${floor}"/>`,
    '</svg><p class="legend"><span class="key equity">equity</span>',
    held.length > 0 ? '<span class="key held">the instruments, bought at the start and held</span>' : '',
    '<span class="key lost">drawdown</span></p></div>',
  ].join('')
}

/** At each mark, a share of the highest equity before: 0 or negative. */
function drawdowns(equity: readonly number[]): number[] {
  let highest = equity[0]!
  return equity.map(value => {
    highest = Math.max(highest, value)
    return value / highest - 1
  })
}

const y = (value: number, { low, high, top, height }: Scale) => top + ((high - value) / (high - low)) * height

function gridLine(value: number, scale: Scale, label: string): string {
  const at = y(value, scale).toFixed(1)
  return `<path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text class="left" x="${LEFT - 8}" y="${at}">${escaped(label)}</text>`
}

function timeTicks(begin: number, end: number, x: (micros: number) => number): string[] {
  const isDays = end - begin > 3 * 86_400e6
  return [0, 1, 2, 3, 4].map(at => {
    const micros = begin + ((end - begin) * at) / 4
    const text = isDays ? clock(micros).slice(0, 10) : clock(micros).slice(5)
    const anchor = at === 0 ? 'start' : at === 4 ? 'end' : 'middle'
    return `<text class="time" text-anchor="${anchor}" x="${x(micros).toFixed(1)}" y="${HEIGHT - 6}">${text}</text>`
  })
}

/** The least and the highest value with a margin. */
function range(values: readonly number[]): [number, number] {
  const [low, high] = [least(values), -least(values.map(value => -value))]
  const margin = high > low ? (high - low) * 0.05 : Math.max(1, Math.abs(high) * 0.01)
  return [low - margin, high + margin]
}

/** `Math.min` of any number of values. */
const least = (values: readonly number[]) =>
  values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY)

/** About `count` round values. */
function ticksOf(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= raw)!
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, at) => (first + at) * step)
}

/** Indices of at most `POINTS_MAX` values: of each stretch the lowest and the highest, so that no extreme is lost. */
function thinned(values: readonly number[]): number[] {
  if (values.length <= POINTS_MAX) return [...values.keys()]
  const stretches = POINTS_MAX / 2
  const kept: number[] = [0]
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = Math.floor((stretch * values.length) / stretches)
    const until = Math.floor(((stretch + 1) * values.length) / stretches)
    let [low, high] = [from, from]
    for (let at = from; at < until; at++) {
      if (values[at]! < values[low]!) low = at
      if (values[at]! > values[high]!) high = at
    }
    kept.push(Math.min(low, high), Math.max(low, high))
  }
  kept.push(values.length - 1)
  return [...new Set(kept)]
}
