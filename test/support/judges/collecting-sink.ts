import type { Amendment } from '../../../src/tick/amendments/amendments.ts'
import type { Liquidation } from '../../../src/tick/derivatives/liquidations.ts'
import type { Mark } from '../../../src/tick/derivatives/marks.ts'
import type { Decoded } from '../../../src/tick/named/columns.ts'
import type { QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import type { Refusal } from '../../../src/tick/refusal.ts'
import { SIDE, type TradeDraft } from '../../../src/tick/trades.ts'
import type { Control, Sink } from '../../../src/venues/venue.ts'

export interface Trade {
  symbol: string
  micros: number
  nanos: number
  price: number
  volume: number
  side: string
  tradeId: number | bigint
  /** Of an aggregate: the first and the last trade that it joins. */
  joined?: [first: number, last: number]
  /** Absent for none. */
  conditions?: string
}

export interface Quote {
  symbol: string
  /** 0 where the venue states no time. */
  micros: number
  nanos: number
  bid: [price: number, size: number]
  ask: [price: number, size: number]
  sequence: number | bigint
  flags: number
}

/** A sink that keeps what it was given, in order. */
export class CollectingSink implements Sink {
  trades: Trade[] = []
  quotes: Quote[] = []
  amendments: Amendment[] = []
  marks: Decoded<Mark>[] = []
  liquidations: Decoded<Liquidation>[] = []
  refusals: { reason: Refusal; detail: string; raw: string | Uint8Array | undefined }[] = []
  controls: Control[] = []
  ignored = 0
  impreciseValues = 0

  /** Calls that account for a frame: `imprecise` only remarks on a trade. */
  get calls(): number {
    const { trades, quotes, amendments, marks, liquidations, refusals, controls, ignored } = this
    const lists = [trades, quotes, amendments, marks, liquidations, refusals, controls]
    return lists.reduce((sum, { length }) => sum + length, ignored)
  }

  trade({
    symbol,
    timestampMicros: micros,
    timestampNanos: nanos,
    price,
    volume,
    side,
    tradeId,
    ...of
  }: TradeDraft): void {
    const sideName = Object.entries(SIDE).find(([, code]) => code === side)?.[0] ?? String(side)
    const { firstId, lastId, conditions } = of
    const joined = lastId === 0 ? {} : { joined: [firstId, lastId] as [number, number] }
    this.trades.push({
      symbol,
      micros,
      nanos,
      price,
      volume,
      side: sideName,
      tradeId,
      ...joined,
      ...(conditions && { conditions }),
    })
  }
  quote({ symbol, timestampMicros: micros, timestampNanos: nanos, sequence, flags, ...sides }: QuoteDraft): void {
    const { bidPrice, bidSize, askPrice, askSize } = sides
    this.quotes.push({ symbol, micros, nanos, bid: [bidPrice, bidSize], ask: [askPrice, askSize], sequence, flags })
  }
  amendment(amendment: Amendment): void {
    this.amendments.push(amendment)
  }
  mark(mark: Decoded<Mark>): void {
    this.marks.push(mark)
  }
  liquidation(liquidation: Decoded<Liquidation>): void {
    this.liquidations.push(liquidation)
  }
  refuse(reason: Refusal, detail: string, raw?: string | Uint8Array): void {
    this.refusals.push({ reason, detail, raw })
  }
  control(control: Control): void {
    this.controls.push(control)
  }
  ignore(): void {
    this.ignored++
  }
  imprecise(): void {
    this.impreciseValues++
  }
}

/** What a decoder makes of one frame. */
export function decoded(decode: (frame: Buffer, out: Sink) => void, frame: string | Buffer): CollectingSink {
  const sink = new CollectingSink()
  decode(Buffer.from(frame), sink)
  return sink
}
