/** Decodes refused frames again, with the decoders of this version. Pure. */
import type { Refusal } from '../tick/refusal.ts'
import { ORIGIN, TradeColumns } from '../tick/trades.ts'
import { VENUES } from '../venues/index.ts'
import type { Sink, Venue } from '../venues/venue.ts'

/** The trades of a frame, and the reason why there are none or some are missing. */
export interface DecodedAgain {
  trades: TradeColumns
  still: { reason: Refusal; detail: string }
}

/** Decodes a frame of a venue, or an item that was refused alone; undefined if the venue is not built in. */
export function decodeAgain(venueName: string, raw: Uint8Array, receivedAtMicros: number): DecodedAgain | undefined {
  const venue = VENUES.find(({ name }) => name === venueName)
  if (!venue) return undefined
  const frame = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const whole = read(venue, frame, receivedAtMicros)
  if (whole.trades.length > 0 || !venue.frameOf) return whole
  const item = read(venue, Buffer.from(venue.frameOf(frame.toString())), receivedAtMicros)
  return item.trades.length > 0 ? item : whole
}

function read(venue: Venue, frame: Buffer, receivedAtMicros: number): DecodedAgain {
  const trades = new TradeColumns(1)
  let still: DecodedAgain['still'] = { reason: 'unknown_message', detail: 'a frame without a trade' }
  const out: Sink = {
    trade: trade => {
      trades.reserve(1)
      trades.add({ ...trade, venue: venue.name, receivedAtMicros, origin: ORIGIN.live })
    },
    quote: () => {},
    refuse: (reason, detail) => {
      still = { reason, detail }
    },
    control: () => {},
    ignore: () => {},
    imprecise: () => {},
  }
  venue.decoder()(frame, out)
  return { trades, still }
}
