/**
 * What a venue's words about a refused subscription mean for asking again. Venues refuse in free text; the phrases here are those
 * of their documents and of recorded sessions (Kraken: "Currency pair not supported", "Exceeded msg rate"; Coinbase: "is not a valid
 * product", "Invalid product ID provided"; Binance: errors.md). A text that says nothing known counts as passing: asking too often
 * costs a frame, asking too rarely costs trades.
 */
export type RefusalKind =
  /** May pass: the venue is unavailable, in maintenance, or says something this version does not know. */
  | 'passing'
  /** Too many requests. */
  | 'rate'
  /** The venue does not list the symbol: wrong, misspelt or delisted. */
  | 'unlisted'

const RATE =
  /(?:exceed|too many|over|reached|hit).{0,40}(?:rate|limit|request|message|subscription)|rate.?limit|throttl|slow down/i
const UNLISTED =
  /not supported|not a valid (?:product|symbol|pair)|(?:invalid|unknown|unsupported) (?:product|symbol|currency pair|pair|instrument|ticker|stream)|(?:no such|not find|not found|does not exist).{0,20}|delisted|not listed/i
/** The subscription stands already: what was asked for is the case. */
const ALREADY = /already subscribed|already exists/i

/** Judges a refusal by its text. A text that fits several kinds counts as the one that is asked again sooner. */
export function refusalKind(text: string): RefusalKind {
  if (RATE.test(text)) return 'rate'
  return UNLISTED.test(text) ? 'unlisted' : 'passing'
}

/** Does the venue refuse only because it carries the symbol already? */
export function isAlreadySubscribed(text: string): boolean {
  return ALREADY.test(text)
}

/** Those of the symbols that a text names, as words of their own: `ETH-USD` is not named by `WETH-USD` or `ETH-USDT`. */
export function symbolsNamed(text: string, symbols: Iterable<string>): string[] {
  const named: string[] = []
  for (const symbol of symbols) {
    for (let at = text.indexOf(symbol); at >= 0; at = text.indexOf(symbol, at + 1)) {
      if (isPart(text[at - 1]) || isPart(text[at + symbol.length])) continue
      named.push(symbol)
      break
    }
  }
  return named
}

const isPart = (letter: string | undefined): boolean => letter !== undefined && /[A-Za-z0-9/_-]/.test(letter)
