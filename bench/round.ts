/** One round of one contestant in its own process: `round.ts <bench> <contestant>`. Sends its sample to the parent. */
import { findBench } from './benches/index.ts'

const [, , benchName = '', contestantName = ''] = process.argv
const bench = findBench(benchName)
const contestant = bench?.contestants.find(({ name }) => name === contestantName)
if (!contestant || !process.send)
  throw new Error(`round.ts is run by rounds.ts; no contestant ${benchName} ${contestantName}`)
const sample = await contestant.run()
process.send(sample, () => process.exit())
