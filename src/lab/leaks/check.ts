/**
 * Looks for knowledge that a strategy could not have had. It is played again and again: to the same ticks, to ticks that end at a random moment,
 * to ticks that are others from that moment on, and from a later beginning. What it decided before the moment must be the same.
 */
import { Random } from '../../simulator/random.ts'
import { readFacts } from '../models/model.ts'
import type { ReadPortfolio, ReadStrategy } from '../portfolio/read.ts'
import { type Finding, timeText } from './finding.ts'
import { checkModel } from './model-checks.ts'
import { type Played, type PlayOptions, playOnce } from './play.ts'
import { poisonFrom, type TickSource } from './source.ts'
import { fillsAtMark, parity, startsApart } from './state-checks.ts'
import type { Decision, SampledRow } from './watched.ts'

export interface LeakOptions {
  source: TickSource
  portfolio: ReadPortfolio
  strategy: ReadStrategy
  /** Random moments. */
  cuts: number
  seed: number
  /** Rows that its model was trained with, if it has one and they are stored. */
  trainingRows?: readonly SampledRow[] | undefined
}

/** One finding of each check. Throws what the strategy throws. */
export async function findLeaks(options: LeakOptions): Promise<Finding[]> {
  const { source, portfolio, strategy, cuts, seed, trainingRows } = options
  const play = (more: Partial<PlayOptions> = {}) => playOnce({ source, portfolio, strategy, ...more })
  const whole = await play()
  const findings = [again(whole, await play())]
  const random = new Random(seed, 'cuts')
  const length = source.endMicros - source.firstMicros
  const moments = Array.from({ length: cuts }, () =>
    Math.floor(source.firstMicros + length * (0.1 + 0.85 * random.uniform())),
  )
  const byVenueTime = portfolio.portfolio.clock === 'venue'
  let [cut, poison]: (string | undefined)[] = []
  for (const [at, moment] of moments.entries()) {
    cut ??= difference(whole, await play({ untilMicros: moment }), moment)
    // A strategy that follows later prices decides the same as before where they move as they did: so both ways.
    for (const direction of [1, -1] as const) {
      const change = poisonFrom(moment, direction, source.instruments, seed + at, byVenueTime)
      poison ??= difference(whole, await play({ change }), moment)
    }
  }
  const before = whole.decisions.filter(({ timeMicros }) => timeMicros < Math.max(...moments)).length
  const same = before === 0 ? undefined : `${before} decisions before ${cuts} moments are the same`
  findings.push(ofDifference('cut', cut, same, 'when the tape ends there'))
  findings.push(ofDifference('poison', poison, same, 'when later prices and sizes are others'))
  const fromMicros = Math.floor(source.firstMicros + length / 4)
  const unlimited = { ...strategy, entry: { ...strategy.entry, limits: {} } }
  const [first, later] = [await play({ strategy: unlimited }), await play({ strategy: unlimited, fromMicros })]
  findings.push(startsApart(first, later, source.firstMicros + length / 2, source.endMicros, strategy.entry.symbols))
  findings.push(fillsAtMark(whole))
  if (trainingRows) findings.push(parity(whole.samples, trainingRows))
  const model = strategy.files.model
  if (model)
    findings.push(...checkModel(readFacts(model), { fromMicros: source.firstMicros, untilMicros: source.endMicros }))
  return findings
}

function again(one: Played, two: Played): Finding {
  const found = difference(one, two, Number.POSITIVE_INFINITY)
  if (found === undefined)
    return {
      check: 'again',
      state: 'ok',
      detail: `${one.decisions.length} decisions are the same when it is played again`,
    }
  return {
    ...{ check: 'again', state: 'leak' },
    detail: `played again to the same ticks, it decides otherwise: ${found}. It reads a clock, chance or something that an earlier run left`,
  }
}

function ofDifference(check: string, found: string | undefined, same: string | undefined, when: string): Finding {
  if (found !== undefined) return { check, state: 'leak', detail: `it knows what comes: ${found} ${when}` }
  if (same === undefined)
    return { check, state: 'unknown', detail: 'it decided nothing before these moments: play more time' }
  return { check, state: 'ok', detail: `${same} ${when}` }
}

/** The first decision before a moment that is not the same; undefined if none is. */
function difference(whole: Played, other: Played, moment: number): string | undefined {
  const before = ({ decisions }: Played) => decisions.filter(({ timeMicros }) => timeMicros < moment)
  const [one, two] = [before(whole), before(other)]
  for (let at = 0; at < Math.max(one.length, two.length); at++) {
    const [a, b] = [one[at], two[at]]
    if (a?.timeMicros === b?.timeMicros && a?.text === b?.text) continue
    return `${described(a)}, but ${described(b)}`
  }
  return undefined
}

function described(decision: Decision | undefined): string {
  return decision ? `at ${timeText(decision.timeMicros)} it ${decision.text}` : 'it does nothing'
}
