/** Why a tick, a frame or a record is not in its table: the closed list of the `reason` column of `quarantine`. */
export const REFUSALS = {
  malformed_frame: 'a frame that does not match the documentation of the venue',
  rejected_value: 'a price, volume, id or side in a frame that cannot be read',
  symbol_unasked: 'a trade of a symbol that the recorder did not subscribe to',
  trade_missed: 'trades that the venue announced and that never came',
  unknown_message: 'a message of the venue of a kind this version does not know',
  unknown_format: 'a log record in a format or version this version does not read',
  unknown_kind: 'a log record of a kind of tick this version does not store',
  undecodable_record: 'a log record whose content contradicts its header',
  unknown_venue: 'a venue that is neither built in nor listed in the configuration',
  symbol_invalid: 'an empty, over-long or unprintable symbol',
  price_out_of_range: 'a price that is not a number above zero and below 1e15',
  volume_out_of_range: 'a volume that is not a number above zero and below 1e15',
  side_empty: 'a quote without a bid or without an ask',
  size_out_of_range: 'a size of a quote that is not a number above zero and below 1e15',
  instrument_size_out_of_range: 'a tick, lot or contract size that is negative or not a number',
  quote_crossed: 'a quote with a bid above its ask',
  quote_not_new: 'a quote whose sequence is not above that of a quote of the symbol before it',
  timestamp_out_of_range: 'a time before 1970 or too late for the columns (2255)',
  timestamp_ahead: 'a time more than a day ahead of our clock when the tick came',
  side_unknown: 'a side that is neither buy, sell nor unknown',
  flags_unknown: 'a quote with a flag this version does not know',
  origin_unknown: 'an origin that is neither live, repair nor replay',
  duplicate_id: 'a trade this symbol already has, with equal values: the first one is kept',
  conflicting_id: 'a trade id this symbol already has, with another price, volume or side: the first one is kept',
} as const

export type Refusal = keyof typeof REFUSALS
