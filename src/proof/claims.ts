/** What archived rows show about a range of time: computed alike when a certificate is made and when it is checked. */

/** What one object has of a symbol; of trades, of one run of its ids. Integers and decimals as text, times in ns. */
export interface ObjectFacts {
  run: number
  /** In the range of time; with 0 the next seven mean nothing. */
  rows: number
  firstTime: string
  lastTime: string
  firstId: string
  lastId: string
  volume: string
  notional: string
  inexact: number
  /** Ranges of consecutive ids in the whole object, rising; empty where ids are not dense. */
  held: readonly (readonly [string, string])[]
}

/** Ids of one run in the range: from the first to the last one that a trade in it has. */
export interface RunClaim {
  run: number
  firstId: string
  lastId: string
  /** Ids from first to last that are there. */
  ids: string
  /** The first ranges that are not, and how many more there are. */
  missing: [string, string][]
  moreMissing: number
}

/**
 * `proved`: every id from the first to the last trade of the range is there. `degraded`: ids are missing, and listed.
 * `unprovable`: ids do not show whether a trade is missing.
 */
export type Condition = 'proved' | 'degraded' | 'unprovable'

export interface Claims {
  condition: Condition
  rows: number
  firstTime: string
  lastTime: string
  /** Of trades. */
  volume: string
  notional: string
  inexact: number
  /** Empty if the condition is `unprovable`. */
  runs: RunClaim[]
}

const RANGES_MAX = 1_000

/** Claims about the rows of a range; null if there are none. `dense`: whether ids rise by one. */
export function claimsOf(objects: readonly (readonly ObjectFacts[])[], dense: boolean): Claims | null {
  const facts = objects.flat()
  const inside = facts.filter(({ rows }) => rows > 0)
  if (inside.length === 0) return null
  const numbers = [...new Set(inside.map(({ run }) => run))].sort((a, b) => a - b)
  const runs = dense ? numbers.map(run => runClaim(run, facts)) : []
  const complete = runs.every(({ missing }) => missing.length === 0)
  return {
    condition: !dense ? 'unprovable' : complete ? 'proved' : 'degraded',
    rows: inside.reduce((sum, { rows }) => sum + rows, 0),
    firstTime: extreme(
      inside.map(({ firstTime }) => firstTime),
      false,
    ),
    lastTime: extreme(
      inside.map(({ lastTime }) => lastTime),
      true,
    ),
    volume: decimalSum(inside.map(({ volume }) => volume)),
    notional: decimalSum(inside.map(({ notional }) => notional)),
    inexact: inside.reduce((sum, { inexact }) => sum + inexact, 0),
    runs,
  }
}

function runClaim(run: number, facts: readonly ObjectFacts[]): RunClaim {
  const own = facts.filter(fact => fact.run === run)
  const inside = own.filter(({ rows }) => rows > 0)
  const first = BigInt(
    extreme(
      inside.map(({ firstId }) => firstId),
      false,
    ),
  )
  const last = BigInt(
    extreme(
      inside.map(({ lastId }) => lastId),
      true,
    ),
  )
  const held = own
    .flatMap(fact => fact.held.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) })))
    .sort((a, b) => (a.from < b.from ? -1 : 1))
  const missing: [string, string][] = []
  let [next, absent] = [first, 0n]
  for (const { from, to } of [...held.filter(range => range.from <= last), { from: last + 1n, to: last + 1n }]) {
    if (from > next) {
      missing.push([String(next), String(from - 1n)])
      absent += from - next
    }
    if (to >= next) next = to + 1n
  }
  return {
    run,
    firstId: String(first),
    lastId: String(last),
    ids: String(last - first + 1n - absent),
    missing: missing.slice(0, RANGES_MAX),
    moreMissing: Math.max(0, missing.length - RANGES_MAX),
  }
}

function extreme(integers: readonly string[], highest: boolean): string {
  return integers.reduce((best, one) => (BigInt(one) > BigInt(best) === highest ? one : best))
}

/** Sum of decimals, without zeros at its end. */
function decimalSum(decimals: readonly string[]): string {
  const scale = Math.max(...decimals.map(text => text.split('.')[1]?.length ?? 0))
  const units = decimals.reduce((sum, text) => {
    const [whole, fraction = ''] = text.split('.')
    return sum + BigInt(whole + fraction.padEnd(scale, '0'))
  }, 0n)
  if (scale === 0) return String(units)
  const digits = String(units < 0n ? -units : units).padStart(scale + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '')
}
