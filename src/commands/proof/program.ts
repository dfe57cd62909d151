/** The commands that prove what is complete, and complete it: `prove`, `backfill`, `certify` and `verify`. */
import type { Command } from 'commander'
import type { Config } from '../../config.ts'
import type { BackfillFlags } from '../reconcile/backfill.ts'
import type { ProveFlags } from '../reconcile/prove.ts'
import type { CommandName } from '../settings.ts'
import type { CertifyFlags, VerifyCertificateFlags } from './certify.ts'

/** Adds them to the program: `command` begins the declaration of one, `configOf` reads the settings of one that runs, `stopping` aborts on Ctrl-C. */
export function addProofCommands(
  command: (name: CommandName, description: string, parent?: Command) => Command,
  configOf: (made: Command) => Config,
  stopping: () => AbortSignal,
): Command {
  command('prove', 'prove a stored day of trades by what the venue itself states of it')
    .argument('<venue>')
    .argument('<symbol>')
    .argument('<day>', 'a UTC day that is over: 2026-11-25')
    .option('--file <zip>', "compare with the venue's file of the day, too; its .CHECKSUM is read beside it")
    .option('--no-candles', 'request nothing from the venue')
    .option('--json', 'print everything as JSON')
    .action(async (venue: string, symbol: string, day: string, options: ProveFlags, made: Command) => {
      const { prove } = await import('../reconcile/prove.ts')
      process.exitCode = (await prove(configOf(made), { venue, symbol, day }, options)) ? 0 : 1
    })

  command(
    'backfill',
    "bring trades of past days from the venue's files into the log: tickhouse backfill binance:BTCUSDT",
  )
    .argument('<source>', 'venue:symbol')
    .requiredOption('--from <day>', 'the first UTC day: 2026-11-20')
    .option('--to <day>', 'the day after the last one; without it, today')
    .option('--url <address>', 'a mirror, in place of the scheme and host of the venue')
    .option(
      '--files <directory>',
      'files that were downloaded before, under their own names; .CHECKSUM files beside them',
    )
    .option('--keep', 'keep downloaded files in data/backfill')
    .option('--dry-run', 'download and append nothing; print what would be')
    .action(async (source: string, options: BackfillFlags, made: Command) => {
      const { backfill } = await import('../reconcile/backfill.ts')
      process.exitCode = (await backfill(configOf(made), source, options, stopping())) ? 0 : 1
    })

  command(
    'certify',
    'write a certificate about archived ticks: tickhouse certify binance BTCUSDT 2026-11-22 2026-11-23',
  )
    .arguments('<venue> <symbol> <from> <to>')
    .option('--kind <table>', 'the table of the ticks', 'trades')
    .option('--as-of <name>', 'as of the checkpoint of a pinned dataset, not of the newest one')
    .option('--out <file>', 'the file to write; by default named after symbol and range')
    .action(async (venue: string, symbol: string, from: string, to: string, options: CertifyFlags, made: Command) => {
      const { certifyRange } = await import('./certify.ts')
      await certifyRange(configOf(made), [venue, symbol, from, to], options)
    })

  command('verify', 'check a certificate against an archive, offline')
    .argument('<certificate>', 'the file that tickhouse certify wrote')
    .argument('<archive>', 'a directory, or s3://<bucket>/<prefix>?region=<region>')
    .option('--key <public key>', 'of the archive, as its owner published it; without it, the one in the archive')
    .option(
      '--witness <public key>',
      'of a witness that must have cosigned; may be repeated',
      (key: string, others: string[] = []) => [...others, key],
    )
    .action(async (file: string, address: string, options: VerifyCertificateFlags, made: Command) => {
      const { verifyFile } = await import('./certify.ts')
      process.exitCode = (await verifyFile(configOf(made), file, address, options)) ? 0 : 1
    })

  const dataset = command('dataset', 'pin what the archive has now under a name, for queries that always answer alike')
  command('dataset pin', 'pin the newest checkpoint of the archive: tickhouse dataset pin backtest-7', dataset)
    .argument('<name>')
    .action(async (name: string, _options, made: Command) => {
      const { pin } = await import('./datasets.ts')
      await pin(configOf(made), name)
    })

  command('dataset list', 'list pinned datasets', dataset)
    .option('--json', 'print JSON')
    .action(async (options: { json?: true }, made: Command) => {
      const { listDatasets } = await import('./datasets.ts')
      await listDatasets(configOf(made), options)
    })

  command('dataset show', 'compare a pinned dataset with the log of the archive, and show it', dataset)
    .argument('<name>')
    .option('--json', 'print JSON')
    .action(async (name: string, options: { json?: true }, made: Command) => {
      const { showDataset } = await import('./datasets.ts')
      await showDataset(configOf(made), name, options)
    })
  return dataset
}
