/** Readers of a quote's prices, sizes and sequence. */
import { quoteDraft } from './ticks.ts'
import { type Read, scanner } from './values.ts'

const QUOTE = 0x22

export const bidPriceText: Read = () => scanner.takesByte(QUOTE) && bidPriceNumber() && scanner.takesByte(QUOTE)
export const bidSizeText: Read = () => scanner.takesByte(QUOTE) && bidSizeNumber() && scanner.takesByte(QUOTE)
export const askPriceText: Read = () => scanner.takesByte(QUOTE) && askPriceNumber() && scanner.takesByte(QUOTE)
export const askSizeText: Read = () => scanner.takesByte(QUOTE) && askSizeNumber() && scanner.takesByte(QUOTE)

export const bidPriceNumber: Read = () => {
  quoteDraft.bidPrice = scanner.decimal()
  return quoteDraft.bidPrice >= 0
}

export const bidSizeNumber: Read = () => {
  quoteDraft.bidSize = scanner.decimal()
  return quoteDraft.bidSize >= 0
}

export const askPriceNumber: Read = () => {
  quoteDraft.askPrice = scanner.decimal()
  return quoteDraft.askPrice >= 0
}

export const askSizeNumber: Read = () => {
  quoteDraft.askSize = scanner.decimal()
  return quoteDraft.askSize >= 0
}

export const sequenceNumber: Read = () => {
  const sequence = scanner.integer()
  quoteDraft.sequence = sequence
  return sequence >= 0
}
