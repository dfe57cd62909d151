/** The values of a trade as JSON, as quarantine stores an invalid one, and the way back. */
import { JoinedIds } from './joined-ids.ts'
import { codeOf, fieldsOf, nameOf } from './tick-values.ts'
import { ORIGIN, SIDE, TradeColumns } from './trades.ts'

export function tradeValues(trades: TradeColumns, row: number): string {
  return JSON.stringify({
    venue: trades.venues.words[trades.venue[row]!]!,
    symbol: trades.symbols.words[trades.symbol[row]!]!,
    timestamp: String(trades.timestamp[row]),
    // As text: JSON has no NaN and no infinity.
    price: String(trades.price[row]),
    volume: String(trades.volume[row]),
    side: nameOf(SIDE, trades.side[row]!),
    trade_id: String(trades.tradeId[row]),
    origin: nameOf(ORIGIN, trades.origin[row]!),
    ...(trades.joined && trades.joined.last[row] !== 0n && joinedValues(trades.joined, row)),
    ...(trades.conditions?.text(row) && { conditions: trades.conditions.text(row) }),
  })
}

const joinedValues = ({ first, last }: JoinedIds, row: number) => ({
  first_id: String(first[row]),
  last_id: String(last[row]),
})

const FIELDS = 'venue symbol timestamp price volume side trade_id origin'
const JOINED = 'first_id last_id'
/** By what a trade may have besides. */
const FORMS = [FIELDS, `${FIELDS} ${JOINED}`, `${FIELDS} conditions`, `${FIELDS} ${JOINED} conditions`]

/** Reads that JSON back, value for value; undefined for any other text. */
export function readTradeValues(raw: string, receivedAtMicros: number): TradeColumns | undefined {
  const tick = FORMS.map(fields => fieldsOf(raw, fields)).find(Boolean)
  if (!tick || !/^-?\d{1,19}$/.test(tick.timestamp!) || !/^\d{1,20}$/.test(tick.trade_id!)) return undefined
  const trades = new TradeColumns(1)
  const [price, volume] = [Number(tick.price), Number(tick.volume)]
  trades.add({
    venue: tick.venue!,
    symbol: tick.symbol!,
    timestampMicros: 0,
    timestampNanos: 0,
    receivedAtMicros,
    price,
    volume,
    side: SIDE.unknown,
    tradeId: 0,
    origin: ORIGIN.live,
    conditions: tick.conditions ?? '',
  })
  trades.timestamp[0] = BigInt(tick.timestamp!)
  trades.tradeId[0] = BigInt(tick.trade_id!)
  trades.side[0] = codeOf(SIDE, tick.side!)
  trades.origin[0] = codeOf(ORIGIN, tick.origin!)
  if (tick.last_id === undefined) return trades
  if (!/^\d{1,20}$/.test(tick.first_id!) || !/^\d{1,20}$/.test(tick.last_id)) return undefined
  trades.joined = new JoinedIds(1)
  trades.joined.first[0] = BigInt(tick.first_id!)
  trades.joined.last[0] = BigInt(tick.last_id)
  return trades
}
