/** How long a bench runs, minutes: `--minutes`. Read lazily: `run.ts` sets it from its flag after loading the benches. */
export const minutes = (): number => Number(process.env.BENCH_MINUTES ?? 1)
