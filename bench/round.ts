/** One round of one contestant, in a process of its own: `round.ts <bench> <contestant>`. Its sample goes to the parent. */
import { findBench } from './benches/index.ts'

const [, , benchName = '', contestantName = ''] = process.argv
const bench = findBench(benchName)
const contestant = bench?.contestants.find(({ name }) => name === contestantName)
if (!contestant || !process.send)
  throw new Error(`round.ts is run by launcher/process.ts; no contestant ${benchName} ${contestantName}`)
const sample = await contestant.run()
process.send(sample, () => process.exit())
