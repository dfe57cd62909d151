/** `tickhouse lab leaks`: looks for knowledge that the strategies of a portfolio could not have had. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { findLeaks } from '../../lab/leaks/check.ts'
import { storedSource, trainingRows } from '../../lab/leaks/stored-source.ts'
import { readFacts } from '../../lab/models/model.ts'
import { readPortfolio } from '../../lab/portfolio/read.ts'
import { plainLine } from '../../plain-text.ts'
import { openStoreAccess } from '../open-store.ts'
import { timeRange } from '../parse-time.ts'
import { namedDataset, readingTicks } from './dataset.ts'

export interface LabLeaksFlags {
  strategy?: string
  from?: string
  to?: string
  asOf?: string
  cuts: string
  seed: string
}

const LINE_LENGTH_MAX = 600
const CUTS_MAX = 100

/** Prints a line of each check. True if no leak was found. Throws TickhouseErrors. */
export async function labLeaks(
  config: Config,
  file: string,
  flags: LabLeaksFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const [cuts, seed] = [Number(flags.cuts), Number(flags.seed)]
  if (!(Number.isInteger(cuts) && cuts >= 1 && cuts <= CUTS_MAX && Number.isInteger(seed)))
    throw usage(`cuts ${flags.cuts}, seed ${flags.seed}: not whole numbers, or more than ${CUTS_MAX} cuts`)
  const portfolio = await readPortfolio(file)
  const chosen = portfolio.strategies.filter(
    ({ entry }) => flags.strategy === undefined || entry.name === flags.strategy,
  )
  if (chosen.length === 0) throw usage(`no strategy ${flags.strategy} is on in ${file}`)
  const dataset = flags.asOf === undefined ? undefined : await namedDataset(config, flags.asOf)
  const access = await openStoreAccess(config)
  try {
    const range = {
      ...{ runQuery: access.query, readTicks: dataset && readingTicks(access, dataset) },
      ...timeRange(flags),
    }
    const source = await storedSource(portfolio, range, signal)
    let leaks = 0
    for (const strategy of chosen) {
      const model = strategy.files.model && readFacts(strategy.files.model)
      const rows = model
        ? await trainingRows(range, model.trained.run, model.features.schema, source.firstMicros, source.endMicros)
        : undefined
      console.log(`${strategy.entry.name} (${strategy.kind.name})`)
      for (const { check, state, detail } of await findLeaks({
        source,
        portfolio,
        strategy,
        cuts,
        seed,
        trainingRows: rows,
      })) {
        if (state === 'leak') leaks++
        console.log(
          plainLine(`  ${(state === 'leak' ? 'LEAK' : state).padEnd(8)}${check.padEnd(10)}${detail}`, LINE_LENGTH_MAX),
        )
      }
    }
    console.log(leaks === 0 ? 'no leak found' : `${leaks} ${leaks === 1 ? 'check' : 'checks'} found a leak`)
    return leaks === 0
  } finally {
    await access.close()
  }
}

function usage(message: string): TickhouseError {
  return new TickhouseError('usage', message, 'tickhouse lab leaks --help')
}
