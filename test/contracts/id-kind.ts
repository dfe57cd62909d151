import type { IdKind } from '../../src/tick/id-kind.ts'
import type { Trade } from '../support/judges/collecting-sink.ts'

/** Fewer ids in a row than this are no evidence. */
const IDS_MIN = 3

/**
 * Why trade ids contradict the kind that a venue states; undefined if they agree. `ids` are those of each symbol, in the
 * order of arrival, of an unbroken stretch of one connection.
 */
export function idContradiction(
  kind: IdKind,
  ids: ReadonlyMap<string, readonly (number | bigint)[]>,
): string | undefined {
  const steps: bigint[] = []
  for (const [symbol, own] of ids) {
    for (let at = 1; at < own.length; at++) {
      const step = BigInt(own[at]!) - BigInt(own[at - 1]!)
      steps.push(step)
      const wrong = contradictsStep(kind, step)
      if (wrong) return `${symbol}: id ${own[at]} after ${own[at - 1]}: ${wrong}`
    }
    if (kind === 'none' && steps.length > 0 && steps.every(step => step > 0n))
      return 'ids that rise: the venue states them'
    if (kind === 'opaque' && new Set(own.map(String)).size < own.length) return `${symbol}: an id comes twice`
  }
  if (Math.max(0, ...[...ids.values()].map(own => own.length)) < IDS_MIN)
    return `fewer than ${IDS_MIN} trades of one symbol in a row`
  if (kind === 'rising' && !steps.some(step => step > 1n)) return 'no hole: these ids are dense'
  if (kind === 'opaque' && !steps.some(step => step < 0n)) return 'no id falls: these ids are rising'
  return undefined
}

function contradictsStep(kind: IdKind, step: bigint): string | undefined {
  switch (kind) {
    case 'dense':
    case 'aggregate':
      return step === 1n ? undefined : 'dense ids rise by one'
    case 'rising':
      return step > 0n ? undefined : 'rising ids never repeat or fall'
    case 'opaque':
    case 'none':
      return undefined
    default:
      return `ids of kind ${kind} need the fields that state their range: no decoder hands them on yet`
  }
}

/** Why the ranges that aggregates join contradict each other; undefined if each follows the one before it. */
export function joinedContradiction(trades: readonly Trade[]): string | undefined {
  const last = new Map<string, number>()
  for (const { symbol, tradeId, joined } of trades) {
    if (!joined) return `${symbol}: aggregate ${tradeId} does not state the trades that it joins`
    if (joined[0] > joined[1]) return `${symbol}: aggregate ${tradeId} joins trades ${joined.join(' to ')}`
    const before = last.get(symbol)
    if (before !== undefined && joined[0] <= before)
      return `${symbol}: aggregate ${tradeId} joins trade ${joined[0]} after ${before}`
    last.set(symbol, joined[1])
  }
  return undefined
}
