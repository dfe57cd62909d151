/** Decodes refused frames again, with the decoders of this version. Pure. */
import { AmendmentColumns } from '../tick/amendments/amendments.ts'
import { LiquidationColumns } from '../tick/derivatives/liquidations.ts'
import { MarkColumns } from '../tick/derivatives/marks.ts'
import { AMENDMENTS, type Kind, LIQUIDATIONS, MARKS, QUOTES, type TickColumns, TRADES } from '../tick/kinds.ts'
import { QuoteColumns } from '../tick/quotes/quotes.ts'
import type { Refusal } from '../tick/refusal.ts'
import { ORIGIN, TradeColumns } from '../tick/trades.ts'
import { findVenue } from '../venues/index.ts'
import type { Sink, Venue } from '../venues/venue.ts'

/** The ticks of a frame by kind, without kinds that have none, and the reason why there are none or some are missing. */
export interface DecodedAgain {
  ticks: { kind: Kind; columns: TickColumns }[]
  still: { reason: Refusal; detail: string }
}

/**
 * Decodes a frame of a venue, or an item that was refused alone; undefined if the venue is not known. A frame that earlier
 * ones of its socket explain, such as an update of a book, has no ticks by itself.
 */
export function decodeAgain(venueName: string, raw: Uint8Array, receivedAtMicros: number): DecodedAgain | undefined {
  const venue = findVenue(venueName)
  if (!venue) return undefined
  const frame = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const whole = read(venue, frame, receivedAtMicros)
  if (whole.ticks.length > 0 || !venue.frameOf) return whole
  const item = read(venue, Buffer.from(venue.frameOf(frame.toString())), receivedAtMicros)
  return item.ticks.length > 0 ? item : whole
}

function read(venue: Venue, frame: Buffer, receivedAtMicros: number): DecodedAgain {
  const trades = new TradeColumns(1)
  const quotes = new QuoteColumns(1)
  const amendments = new AmendmentColumns(0)
  const marks = new MarkColumns(0)
  const liquidations = new LiquidationColumns(0)
  const ours = { venue: venue.name, receivedAtMicros, origin: ORIGIN.live }
  const named = { venue: venue.name, received_at: receivedAtMicros }
  let still: DecodedAgain['still'] = { reason: 'unknown_message', detail: 'a frame without a trade or quote' }
  const out: Sink = {
    trade: trade => {
      trades.reserve(1)
      trades.add({ ...trade, ...ours })
    },
    quote: quote => {
      quotes.reserve(1)
      quotes.add({ ...quote, ...ours })
    },
    amendment: amendment => amendments.add({ ...amendment, ...ours }),
    mark: mark => marks.add({ ...mark, ...named }),
    liquidation: liquidation => liquidations.add({ ...liquidation, ...named }),
    refuse: (reason, detail) => {
      still = { reason, detail }
    },
    control: () => {},
    ignore: () => {},
    imprecise: () => {},
  }
  venue.decoder()(frame, out)
  const read = [
    { kind: TRADES as Kind, columns: trades },
    { kind: QUOTES as Kind, columns: quotes },
    { kind: AMENDMENTS as Kind, columns: amendments },
    { kind: MARKS as Kind, columns: marks },
    { kind: LIQUIDATIONS as Kind, columns: liquidations },
  ]
  return { ticks: read.filter(({ columns }) => columns.length > 0), still }
}
