/** Subscription frames: https://docs.alpaca.markets/docs/streaming-market-data#subscription. */

/**
 * A request that exceeds the account's number of symbols (30 in a free one) is refused as a whole, so the first symbols
 * are requested a few at a time: as many as fit are received.
 */
const CAREFUL = { symbols: 60, perFrame: 5 }
/** Some 8 KiB. The vendor's own client cuts frames at 32 KiB. */
const PER_FRAME_MAX = 500
/** Symbols requested again one by one: one invalid symbol makes the venue refuse all of a request. */
const ONE_BY_ONE_MAX = 100

export function subscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  const careful = symbols.slice(0, CAREFUL.symbols)
  return [
    ...framesOf('subscribe', careful, kinds, CAREFUL.perFrame),
    ...framesOf('subscribe', symbols.slice(careful.length), kinds, PER_FRAME_MAX),
  ]
}

export function resubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return framesOf('subscribe', symbols, kinds, symbols.length <= ONE_BY_ONE_MAX ? 1 : PER_FRAME_MAX)
}

export function unsubscribe(symbols: readonly string[], kinds: readonly string[]): string[] {
  return framesOf('unsubscribe', symbols, kinds, PER_FRAME_MAX)
}

/** The venue's channels have the names of our kinds. */
function framesOf(action: string, symbols: readonly string[], kinds: readonly string[], perFrame: number): string[] {
  const frames: string[] = []
  for (let at = 0; at < symbols.length; at += perFrame) {
    const some = symbols.slice(at, at + perFrame)
    frames.push(JSON.stringify({ action, ...Object.fromEntries(kinds.map(kind => [kind, some])) }))
  }
  return frames
}
