/** The commands of the lab: strategies on paper. */
import type { Command } from 'commander'
import type { Config } from '../../config.ts'
import type { CommandName } from '../settings.ts'
import type { LabRunFlags } from './run.ts'

/** Adds them to the program: see `addProofCommands`. */
export function addLabCommands(
  command: (name: CommandName, description: string, parent?: Command) => Command,
  configOf: (made: Command) => Config,
  stopping: () => AbortSignal,
): Command {
  const lab = command('lab', 'try strategies on recorded ticks, on paper: nothing is ever sent to a venue')
  lab.action(() => lab.help())

  command('lab run', 'play stored ticks to the strategies of a portfolio: tickhouse lab run portfolio.yaml', lab)
    .argument('<portfolio>', 'a YAML file: docs/lab.md')
    .option('--from <time>', 'start of the range, inclusive: 2026-11-22T13:30 (UTC)')
    .option('--to <time>', 'end of the range, exclusive')
    .option('--no-save', 'write nothing to the tables lab_…: such a run counts as no trial')
    .action(async (file: string, options: LabRunFlags, made: Command) => {
      const { labRun } = await import('./run.ts')
      await labRun(configOf(made), file, options, stopping())
    })

  return lab
}
