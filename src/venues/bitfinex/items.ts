/** Items of Bitfinex's frames: numbers in lists. */
import { LongNumber } from '../json-text.ts'

/** An amount without its sign, as exact as it was sent. */
export function unsigned(amount: unknown): unknown {
  if (typeof amount === 'number') return Math.abs(amount)
  return amount instanceof LongNumber ? new LongNumber(amount.text.replace('-', '')) : amount
}

/** A refused item with its symbol, which only the socket's channels state. The decoder reads trades of this form too. */
export function named(channel: string, symbol: string, item: unknown): string {
  return `{"channel":"${channel}","symbol":${JSON.stringify(symbol)},"data":${textOf(item)}}`
}

function textOf(item: unknown): string {
  if (item instanceof LongNumber) return item.text
  return Array.isArray(item) ? `[${item.map(textOf).join()}]` : (JSON.stringify(item) ?? 'null')
}
