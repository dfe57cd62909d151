import { ORIGIN, type TradeColumns } from '../../../tick/trades.ts'

/** The first, a middle and the last row that came from a feed; the age of repaired trades is not its latency. */
export function liveRows({ origin, length }: TradeColumns): [number, number, number] | undefined {
  let [first, last] = [0, length - 1]
  while (first < length && origin[first] === ORIGIN.repair) first++
  while (last > first && origin[last] === ORIGIN.repair) last--
  if (first === length) return undefined
  const middle = (first + last) >> 1
  return [first, origin[middle] === ORIGIN.repair ? last : middle, last]
}
