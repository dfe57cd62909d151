/**
 * Classifies a venue's refusal of a subscription by its text, to decide when to retry. The phrases are from the venues'
 * documents and recorded sessions (Kraken: "Currency pair not supported", "Exceeded msg rate"; Coinbase: "is not a
 * valid product", "Invalid product ID provided"; OKX: "doesn't exist"; Binance: errors.md). An unknown text counts as temporary: a retry too
 * many costs a frame, a retry too late costs trades.
 */
export type RefusalKind =
  /** Maybe temporary: the venue is unavailable or in maintenance, or the text is unknown. */
  | 'temporary'
  /** Too many requests. */
  | 'rate'
  /** The venue does not list the symbol: wrong, misspelt or delisted. */
  | 'unlisted'

const RATE =
  /(?:exceed|too many|over|reached|hit).{0,40}(?:rate|limit|request|message|subscription)|rate.?limit|throttl|slow down/i
const UNLISTED =
  /not supported|not a valid (?:product|symbol|pair)|(?:invalid|unknown|unsupported) (?:product|symbol|currency pair|pair|instrument|ticker|stream)|(?:no such|not find|not found|does not exist|doesn't exist).{0,20}|delisted|not listed/i
/** The subscription exists already. */
const ALREADY = /already subscribed|already exists/i

/** A text that fits several kinds counts as the one with the shorter wait. */
export function refusalKind(text: string): RefusalKind {
  if (RATE.test(text)) return 'rate'
  return UNLISTED.test(text) ? 'unlisted' : 'temporary'
}

/** True if the venue refuses only because the subscription exists already. */
export function isAlreadySubscribed(text: string): boolean {
  return ALREADY.test(text)
}

/**
 * The symbols that a text contains as whole words, longest first: `WETH-USD` or `ETH-USDT` does not name `ETH-USD`, nor
 * `BINANCE:ETHUSDT` the requested symbol `ETHUSDT`.
 */
export function symbolsNamed(text: string, symbols: Iterable<string>): string[] {
  const named: string[] = []
  let rest = text
  for (const symbol of [...symbols].sort((a, b) => b.length - a.length)) {
    for (let at = rest.indexOf(symbol); at >= 0; at = rest.indexOf(symbol, at + 1)) {
      if (isPart(rest[at - 1]) || isPart(rest[at + symbol.length])) continue
      if (named.at(-1) !== symbol) named.push(symbol)
      rest = `${rest.slice(0, at)}${' '.repeat(symbol.length)}${rest.slice(at + symbol.length)}`
    }
  }
  return named
}

const isPart = (letter: string | undefined): boolean => letter !== undefined && /[A-Za-z0-9/_-]/.test(letter)
