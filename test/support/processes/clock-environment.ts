/**
 * What lends this process another clock (see `test/clocks.ts`), for children that are started with an environment of
 * their own.
 */
export const CLOCK_ENVIRONMENT = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name === 'LD_PRELOAD' || name.startsWith('FAKETIME')),
)
