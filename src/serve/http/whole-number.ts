import { TickhouseError } from '../../errors.ts'

/** A whole number of an address's query, of at most 15 digits. Throws `query_failed`, with that advice. */
export function wholeNumber(name: string, text: string, advice = ''): number {
  if (!/^\d{1,15}$/.test(text)) throw new TickhouseError('query_failed', `${name} is no whole number: ${text}`, advice)
  return Number(text)
}
