/** The commands of the lab: strategies on paper. */
import type { Command } from 'commander'
import type { Config } from '../../config.ts'
import type { CommandName } from '../settings.ts'
import type { CalibrationFlags } from './calibration.ts'
import type { LabFeaturesFlags } from './features.ts'
import type { LabLeaksFlags } from './leaks.ts'
import type { LabModelsFlags } from './models.ts'
import type { LabReportFlags } from './report.ts'
import type { LabRunFlags } from './run.ts'
import type { LabVerifyFlags } from './verify.ts'

/** Adds them to the program: see `addProofCommands`. */
export function addLabCommands(
  command: (name: CommandName, description: string, parent?: Command) => Command,
  configOf: (made: Command) => Config,
  stopping: () => AbortSignal,
): Command {
  const lab = command('lab', 'try strategies on recorded ticks, on paper: nothing is ever sent to a venue')
  lab.action(() => lab.help())

  withTicks(
    command(
      'lab run',
      'play stored ticks to the strategies of a portfolio: tickhouse lab run portfolio.yaml',
      lab,
    ).argument('<portfolio>', 'a YAML file: docs/lab.md'),
  )
    .option('--no-save', 'write nothing to the tables lab_…: such a run counts as no trial')
    .action(async (file: string, options: LabRunFlags, made: Command) => {
      const { labRun } = await import('./run.ts')
      await labRun(configOf(made), file, options, stopping())
    })

  command('lab start', 'run a portfolio on live ticks, on paper, beside a running tickhouse', lab)
    .argument('<portfolio>', 'a YAML file: docs/lab.md')
    .action(async (file: string, _options, made: Command) => {
      const { labStart } = await import('./start.ts')
      await labStart(configOf(made), file, stopping())
    })

  command('lab stop', 'end the live run of a portfolio: its positions are closed, on paper', lab)
    .argument('<name>', 'the name in its file')
    .action(async (name: string, _options, made: Command) => {
      const { labStop } = await import('./stop.ts')
      await labStop(configOf(made), name)
    })

  withTicks(
    command(
      'lab features',
      'write what the strategies of a portfolio compute of stored ticks: rows to train a model with',
      lab,
    )
      .argument('<portfolio>', 'a YAML file: docs/lab.md')
      .option('--out <file>', 'also write this Parquet file')
      .option('--strategy <name>', 'the one to write; the first that computes features, if not stated'),
  ).action(async (file: string, options: LabFeaturesFlags, made: Command) => {
    const { labFeatures } = await import('./features.ts')
    await labFeatures(configOf(made), file, options, stopping())
  })

  withTicks(
    command(
      'lab leaks',
      'look for knowledge that strategies could not have had: of later ticks, of their own test',
      lab,
    )
      .argument('<portfolio>', 'a YAML file: docs/lab.md')
      .option('--strategy <name>', 'this one alone'),
  )
    .option('--cuts <number>', 'random moments at which the tape is cut and changed', '4')
    .option('--seed <number>', 'of these moments', '1')
    .addHelpText('after', '\nExits with 1 if a leak is found.')
    .action(async (file: string, options: LabLeaksFlags, made: Command) => {
      const { labLeaks } = await import('./leaks.ts')
      process.exitCode = (await labLeaks(configOf(made), file, options, stopping())) ? 0 : 1
    })

  command('lab models', 'list the models that runs were played with, the newest first', lab)
    .option('--json', 'print JSON')
    .action(async (options: LabModelsFlags, made: Command) => {
      const { labModels } = await import('./models.ts')
      await labModels(configOf(made), options)
    })

  withRange(
    command(
      'lab calibration',
      'what trading at the recorded quotes costs: spread, size, markouts of takers',
      lab,
    ).argument('<symbols...>', 'each a venue, a colon and a symbol'),
  )
    .option('--hours', 'also by hour of the day (UTC)')
    .option('--json', 'print JSON')
    .action(async (symbols: string[], options: CalibrationFlags, made: Command) => {
      const { labCalibration } = await import('./calibration.ts')
      await labCalibration(configOf(made), symbols, options)
    })

  command('lab verify', 'play a run again, and compare every row that it wrote', lab)
    .argument('<run>', 'its name, the beginning of it, or last: tickhouse lab status lists them')
    .option(
      '--strategies <file>',
      "the portfolio's file, if it was moved: strategies and models in files of their own are relative to it",
    )
    .addHelpText('after', '\nExits with 1 if any row differs.')
    .action(async (run: string, options: LabVerifyFlags, made: Command) => {
      const { labVerify } = await import('./verify.ts')
      process.exitCode = (await labVerify(configOf(made), run, options, stopping())) ? 0 : 1
    })

  command('lab report', 'print what came out of an earlier run, and write it as one HTML file', lab)
    .argument('<run>', 'its name, the beginning of it, or last: tickhouse lab status lists them')
    .option(
      '--html <file>',
      'also write this file: with charts, to read or to print, without anything from other servers',
    )
    .action(async (run: string, options: LabReportFlags, made: Command) => {
      const { labReport } = await import('./report.ts')
      await labReport(configOf(made), run, options)
    })

  command('lab status', 'list the runs that are saved, the newest first', lab).action(
    async (_options: object, made: Command) => {
      const { labStatus } = await import('./report.ts')
      await labStatus(configOf(made))
    },
  )

  return lab
}

/** The flags that `timeRange` reads. */
const withRange = (made: Command): Command =>
  made
    .option('--from <time>', 'start of the range, inclusive: 2026-11-22T13:30 (UTC)')
    .option('--to <time>', 'end of the range, exclusive')

/** The flags that choose the stored ticks of a portfolio. */
const withTicks = (made: Command): Command =>
  withRange(made).option(
    '--as-of <name>',
    'only the ticks of a pinned dataset, or under the checkpoint of so many entries',
  )
