/**
 * A connection is replaced at a share of the age at which the server closes it. The share is drawn from this range, so
 * that connections opened together are not replaced together.
 */
const AGE_SHARE = { from: 0.9, to: 0.96 }

/** When to replace a connection that the server closes at this age, ms after it opened. */
export function replacementAge(ageMsMax: number): number {
  return ageMsMax * (AGE_SHARE.from + Math.random() * (AGE_SHARE.to - AGE_SHARE.from))
}
