/**
 * Decoders of a venue's usual frames, made of readers. They accept what the venue usually sends and nothing else; then
 * the ticks are those that `read-trade.ts` and `read-quote.ts` make of JSON.parse's objects.
 */
import { QuoteDraft } from '../../tick/quotes/quotes.ts'
import { TradeDraft } from '../../tick/trades.ts'
import type { Sink } from '../venue.ts'
import { type Read, scanner } from './values.ts'

// The ticks of the frame, kept until all of it is read: it is accepted whole or not at all.
const trades: TradeDraft[] = []
const quotes: QuoteDraft[] = []
let tradeCount = 0
let quoteCount = 0

/** Those being read. */
export let tradeDraft = new TradeDraft()
export let quoteDraft = new QuoteDraft()
/** The one that is being read. */
export let tick: TradeDraft | QuoteDraft = tradeDraft

/**
 * Decodes a venue's usual frame; false, without a call to the sink, for any other frame. The ticks that `frame` reads
 * are those within `trade` and `quote`.
 */
export function ticksDecoder(frame: Read): (bytes: Buffer, out: Sink) => boolean {
  return (bytes, out) => {
    if (!scanner.start(bytes)) return false
    tradeCount = 0
    quoteCount = 0
    if (!frame() || !scanner.atEnd) return false
    for (let at = 0; at < tradeCount; at++) out.trade(trades[at]!)
    for (let at = 0; at < quoteCount; at++) out.quote(quotes[at]!)
    return true
  }
}

/** A value that states one trade: what readers of fields find in it belongs to that one. */
export function trade(value: Read): Read {
  return () => {
    if (tradeCount === trades.length) trades.push(new TradeDraft())
    tradeDraft = trades[tradeCount]!
    tradeDraft.firstId = 0
    tradeDraft.lastId = 0
    tick = tradeDraft
    if (!value()) return false
    tradeCount++
    return true
  }
}

/** A value that states one quote, with a time and a sequence or without. */
export function quote(value: Read): Read {
  return () => {
    if (quoteCount === quotes.length) quotes.push(new QuoteDraft())
    quoteDraft = quotes[quoteCount]!
    quoteDraft.timestampMicros = 0
    quoteDraft.timestampNanos = 0
    quoteDraft.sequence = 0
    tick = quoteDraft
    if (!value()) return false
    quoteCount++
    return true
  }
}
