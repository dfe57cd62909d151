/**
 * Gemini's `symbols`: https://developer.gemini.com/rest-api/market-data. Names only; its details have one request for
 * each symbol, too many for its limits.
 */
import { type InstrumentList, instrument, type ListPage } from '../instruments.ts'

export const geminiInstruments: InstrumentList = { requests: [{ path: '/v1/symbols' }], read }

function read(answer: unknown): ListPage | undefined {
  if (!Array.isArray(answer)) return undefined
  const symbols = answer.filter(name => typeof name === 'string')
  return {
    // Perpetuals are listed among the pairs, by this ending.
    instruments: symbols.map(symbol => instrument({ symbol, kind: /perp$/i.test(symbol) ? 'perpetual' : 'spot' })),
  }
}
