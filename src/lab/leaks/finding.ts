/** What a check found. */
export interface Finding {
  /** Its name in docs/lab-models.md. */
  check: string
  /** `leak`: the result cannot be relied on. `unknown`: it could not be checked. */
  state: 'ok' | 'leak' | 'unknown'
  /** One sentence, for people. */
  detail: string
}

export const timeText = (micros: number): string => new Date(micros / 1000).toISOString()
