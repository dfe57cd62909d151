/** `npm run bench -- <name> [--json]`; without a name it lists the benches, `all` runs all. */
import { parseArgs } from 'node:util'
import { BENCHES, findBench } from './benches/index.ts'
import type { Bench } from './contract.ts'
import { describeMachine } from './machine.ts'
import { profileRound } from './profile.ts'
import { format, summarise } from './report.ts'
import { runRounds } from './rounds.ts'

const USAGE =
  'npm run bench -- <name>|all [--json] [--rounds <number>] [--minutes <number>, memory, load, beside-lab and idle only]'

const { values, positionals } = readArguments()
const [name] = positionals
if (values.minutes !== undefined) process.env.BENCH_MINUTES = values.minutes

if (name === undefined || values.help) {
  for (const bench of BENCHES) console.log(`${bench.name.padEnd(8)} ${bench.summary}`)
  console.log(`\n${USAGE}`)
} else {
  const chosen = name === 'all' ? BENCHES : [findBench(name)].filter(bench => bench !== undefined)
  if (chosen.length === 0) {
    console.error(`unknown bench ${name}; known: ${BENCHES.map(bench => bench.name).join(', ')}`)
    process.exitCode = 2
  }
  const results = []
  for (const bench of chosen) {
    const result = await run(values.rounds === undefined ? bench : { ...bench, rounds: Number(values.rounds) })
    results.push(result)
    if (!values.json) console.log(`${format(result)}\n`)
  }
  if (values.json) console.log(JSON.stringify(results.length === 1 ? results[0] : { results }))
}

function readArguments() {
  try {
    const read = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        minutes: { type: 'string' },
      },
    })
    for (const name of ['rounds', 'minutes'] as const) {
      const given = read.values[name]
      if (given !== undefined && !/^[1-9]\d{0,3}$/.test(given))
        throw new Error(`--${name} must be a whole number from 1 to 9999, not ${given}`)
    }
    return read
  } catch (error) {
    console.error(`${(error as Error).message.split('.')[0]}\n${USAGE}`)
    process.exit(2)
  }
}

async function run(bench: Bench) {
  const machine = await describeMachine()
  const samples = await runRounds(bench, line => console.error(line))
  const profiles = []
  for (const contestant of bench.contestants) {
    if (bench.profiled?.includes(contestant.name)) profiles.push(await profileRound(bench, contestant))
  }
  return summarise(bench, `npm run bench -- ${process.argv.slice(2).join(' ')}`, samples, machine, profiles)
}
