/** One setting. `src/settings.ts` has all of them. */
import type { z } from 'zod'

export interface Setting<T extends z.ZodType = z.ZodType> {
  /** One sentence. */
  summary: string
  /** Further sentences. */
  details: string
  schema: T
  /** Never printed. */
  secret: boolean
}

/** A setting with a summary of one sentence, and further sentences. */
export function setting<T extends z.ZodType>(schema: T, summary: string, details = ''): Setting<T> {
  return { summary, details, schema, secret: false }
}

/** A setting that is never printed. */
export function secret<T extends z.ZodType>(schema: T, summary: string, details = ''): Setting<T> {
  return { summary, details, schema, secret: true }
}
