/** What a venue states when it refuses to answer at all: in JSON, or on a page for people. Pure. */
import { plainLine } from '../../plain-text.ts'
import type { RestAnswer } from '../../venues/repair/repairer.ts'

const LENGTH_MAX = 160

/** The status and the words of a refusal, one line. */
export function refusalWords({ status, body }: RestAnswer): string {
  const words = plainLine(messageOf(body) ?? textOf(body), LENGTH_MAX).trim()
  return words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`
}

function messageOf(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body)
    const { msg, message, error } = Object(parsed) as Record<string, unknown>
    return [msg, message, error].find(text => typeof text === 'string')
  } catch {
    return undefined
  }
}

/** The text of a page: its title and what is shown. */
const textOf = (html: string): string =>
  html
    .replace(/<(script|style)\b.*?(?:<\/\1>|$)/gis, ' ')
    .replace(/<[^>]*>?/g, ' ')
    .replace(/\s+/g, ' ')
