/** The commands about missing trades of a running process: `gaps`, `gaps accept` and `gaps retry`. */
import type { Command } from 'commander'
import type { Config } from '../../config.ts'
import type { CommandName } from '../settings.ts'
import type { AcceptFlags, GapsFlags, RetryFlags } from './gaps.ts'

/** Adds them to the program: `command` begins the declaration of one, `configOf` reads the settings of one that runs. */
export function addGapCommands(
  command: (name: CommandName, description: string, parent?: Command) => Command,
  configOf: (made: Command) => Config,
): Command {
  const gaps = command('gaps', 'list missing trades, accept that some are missing, or have them requested again')
    .option('--all', 'also those that are repaired or accepted')
    .action(async (options: GapsFlags, made: Command) => {
      const { listGaps } = await import('./gaps.ts')
      await listGaps(configOf(made), options)
    })

  command('gaps accept', 'take note that trades are missing: tickhouse gaps accept binance:BTCUSDT 100-200', gaps)
    .argument('<symbol>', 'the venue, a colon and the symbol')
    .argument('<ids>', 'the first and the last id; gaps within them are accepted')
    .requiredOption('--reason <text>', 'why nothing more is done about it')
    .requiredOption('--by <name>', 'who accepts it')
    .action(async (symbol: string, ids: string, options: AcceptFlags, made: Command) => {
      const { acceptGaps } = await import('./gaps.ts')
      await acceptGaps(configOf(made), symbol, ids, options)
    })

  command('gaps retry', 'request again what is missing, however old: tickhouse gaps retry binance:BTC*', gaps)
    .argument('[pattern]', 'a venue, or a venue, a colon and symbols: binance:BTCUSDT,ETH*')
    .option(
      '--all-refused',
      'of all venues, what was not supplied because they refused the address or region (HTTP 403, 451)',
    )
    .action(async (pattern: string | undefined, options: RetryFlags, made: Command) => {
      const { retryGaps } = await import('./gaps.ts')
      await retryGaps(configOf(made), pattern, options)
    })
  return gaps
}
