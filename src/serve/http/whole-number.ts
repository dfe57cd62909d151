import { TickhouseError } from '../../errors.ts'

/** A whole number of a URL's query, of at most 15 digits. Throws `query_failed` with the advice. */
export function wholeNumber(name: string, text: string, advice = ''): number {
  if (!/^\d{1,15}$/.test(text))
    throw new TickhouseError('query_failed', `${name} must be a whole number, not "${text}"`, advice)
  return Number(text)
}
