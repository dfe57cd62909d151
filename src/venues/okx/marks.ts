/**
 * Mark prices of OKX's contracts, with their funding: https://www.okx.com/docs-v5/en/#public-data-websocket.
 *
 * - Channel `mark-price`: each change, at most every 200 ms, else every 10 s.
 * - Channel `funding-rate`, of perpetuals only, about once a minute. Its `fundingTime` is when the stated rate is paid;
 *   `nextFundingTime` is a period later. A mark price is stored with the funding that its socket stated last.
 */
import { decimalFromText } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { emitMark } from '../read-derivative.ts'
import { show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'

type Raw = () => string | undefined
type ReadTime = (text: unknown) => { micros: number; nanos: number } | undefined

/** The funding of each symbol that a socket stated last. */
export type LastFunding = Map<string, { rate: unknown; time: { micros: number } }>

export function decodeMark(mark: JsonObject, funding: LastFunding, timeOf: ReadTime, out: Sink, raw: Raw): void {
  const { instId: symbol, markPx: markPrice, ts } = mark
  const { rate: fundingRate, time: nextFunding = null } = funding.get(String(symbol)) ?? {}
  emitMark(out, { symbol, markPrice, fundingRate, nextFunding, time: timeOf(ts) }, raw)
}

/** Keeps a funding rate for the mark prices after it. */
export function decodeFunding(stated: JsonObject, funding: LastFunding, timeOf: ReadTime, out: Sink, raw: Raw): void {
  const { instId: symbol, fundingRate: rate, fundingTime } = stated
  const time = timeOf(fundingTime)
  if (typeof symbol !== 'string' || symbol === '') out.refuse('rejected_value', `symbol ${show(symbol)}`, raw())
  else if (Number.isNaN(decimalFromText(rate))) out.refuse('rejected_value', `funding rate ${show(rate)}`, raw())
  else if (time === undefined) out.refuse('rejected_value', `funding time ${show(fundingTime)}`, raw())
  else {
    funding.set(symbol, { rate, time })
    out.control({ kind: 'heartbeat' })
  }
}
