/** Loaded with `--import`: this process loads one source file with an edit, named in the variable MUTANT as JSON. */
import { registerHooks } from 'node:module'

export interface Mutant {
  /** Below `src/`. */
  file: string
  from: string
  to: string
}

if (process.env.MUTANT) {
  const { file, from, to } = JSON.parse(process.env.MUTANT) as Mutant
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      if (!url.endsWith(`/src/${file}`)) return loaded
      const source = String(loaded.source)
      // Ends differently from a test that fails.
      if (source.split(from).length !== 2) process.exit(99)
      return { ...loaded, source: source.replace(from, () => to) }
    },
  })
}
