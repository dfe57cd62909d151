/**
 * The commands: flags and environment → configuration → a mode of a process (`modes/`) or a command that ends
 * (`commands/`). Imported once the venues are loaded: see `command-line.ts`.
 */
import { Command, Option } from 'commander'
import type { VerifyFlags } from './commands/archive.ts'
import { addSettingFlags, settingFlags } from './commands/flags.ts'
import { addLabCommands } from './commands/lab/program.ts'
import { addProofCommands } from './commands/proof/program.ts'
import type { QuarantineFlags } from './commands/quarantine.ts'
import type { QueryFlags } from './commands/query.ts'
import type { ReplayFlags } from './commands/replay.ts'
import type { RestoreFlags } from './commands/restore.ts'
import type { CoverageFlags } from './commands/running/coverage.ts'
import { addGapCommands } from './commands/running/program.ts'
import type { SourcesFlags } from './commands/running/sources.ts'
import type { StatusFlags } from './commands/running/status.ts'
import type { CommandName } from './commands/settings.ts'
import type { WatchFlags } from './commands/watch.ts'
import { type Config, environmentName, parseConfig, SECRETS_IN_FILES } from './config.ts'
import { readEnvironment, withSecretFiles } from './environment.ts'
import { type Mode, runProcess, stopSignal } from './launcher/process.ts'
import { VERSION } from './version.ts'

/** Columns of help that goes to a file or a pipe. */
const HELP_WIDTH = 110

const program = new Command('tickhouse')
  .description('Records live market data, stores every tick exactly once in ClickHouse, and shows it.')
  .version(VERSION)
  .configureHelp({ sortOptions: false, helpWidth: process.stdout.columns ?? HELP_WIDTH })
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText('after', '\nEvery setting is documented in docs/configuration.md.')

function command(name: CommandName, description: string, parent = program): Command {
  return parent.command(name.split(' ').at(-1)!).description(description)
}

command('start', 'record, store and show, as two supervised processes (the default)').action(
  async (_options, made: Command) => {
    const { start } = await import('./modes/start.ts')
    await run('start', made, start)
  },
)

command('record', 'receive ticks from venues and append them to the log')
  .addOption(new Option('--simulated <json>').hideHelp())
  .addOption(new Option('--restarted-after <how>').hideHelp())
  .addOption(new Option('--beside').hideHelp())
  .action(async ({ simulated, beside }: { simulated?: string; beside?: true }, made: Command) => {
    const { record } = await import('./modes/record.ts')
    await run('record', made, (config, journal, stopping) =>
      record(config, journal, stopping, { simulated: simulated ? JSON.parse(simulated) : undefined, beside }),
    )
  })

command('ingest', 'store the log in ClickHouse, and serve the page and queries')
  .addOption(new Option('--restarted-after <how>').hideHelp())
  .action(async (_options, made: Command) => {
    const { ingest } = await import('./modes/ingest.ts')
    await run('ingest', made, ingest)
  })

command('serve', 'serve the page for a shared ClickHouse, or SQL for a stopped embedded store')
  .addOption(new Option('--writable').hideHelp())
  .action(async (options: { writable?: true }, made: Command) => {
    const { serve } = await import('./modes/serve.ts')
    const { serveStore } = await import('./modes/serve-store.ts')
    await run('serve', made, options.writable ? (config, journal) => serveStore(config, journal, true) : serve)
  })

const archive = command('archive', 'archive a ClickHouse server to Parquet; verify an archive').action(
  async (_options, made: Command) => {
    const { archive } = await import('./modes/archive.ts')
    await run('archive', made, archive)
  },
)

command('archive verify', 'compare every archived object with the catalog', archive)
  .option('--deep', 'compare the rows with the store too')
  .option('--manifests', 'use the manifests in the archive as the catalog: for a lost store')
  .action(async (options: VerifyFlags, made: Command) => {
    const { verifyArchive } = await import('./commands/archive.ts')
    process.exitCode = (await verifyArchive(configOf(made), options)) ? 0 : 1
  })

command('archive status', 'show how far each partition is archived', archive).action(
  async (_options, made: Command) => {
    const { archiveStatus } = await import('./commands/archive.ts')
    await archiveStatus(configOf(made))
  },
)

command('archive key', "print the public key of the archive's transparency log", archive).action(
  async (_options, made: Command) => {
    const { archiveKey } = await import('./commands/archive.ts')
    await archiveKey(configOf(made))
  },
)

command('archive new-key', 'print a new private key for TICKHOUSE_SEAL_PRIVATE_KEY', archive).action(async () => {
  const { newPrivateKey } = await import('./proof/keys.ts')
  console.log(newPrivateKey())
})

command('watch', 'watch a running tickhouse from outside and send alerts')
  .option('--test-alert', 'send a test message to every channel and report which accepted it')
  .option('--silence <alert>', 'suppress messages about an alert, or about all, for the time of --for')
  .option('--for <time>', 'with --silence: 30m, 2h, 1d (1h)')
  .option('--unsilence <alert>', 'resume messages about an alert')
  .option('--status', 'print open alerts, silences, and availability by day')
  .option('--public-key', 'print the public key with which this watcher cosigns checkpoints of the archive')
  .action(async (options: WatchFlags, made: Command) => {
    const { manageAlerts } = await import('./commands/watch.ts')
    if (await manageAlerts(configOf(made), options)) return
    const { watch } = await import('./modes/watch.ts')
    await run('watch', made, watch)
  })

command('query', 'run SQL on the running tickhouse: tickhouse query "SELECT count() FROM trades"')
  .argument('<sql>', 'a statement that reads; a FORMAT clause sets the output format')
  .option('--as-of <name>', 'over the rows of a pinned dataset, or under the checkpoint of so many entries')
  .action(async (sql: string, options: QueryFlags, made: Command) => {
    const { query } = await import('./commands/query.ts')
    await query(configOf(made), sql, options)
  })

const sources = command('sources', 'show or change what a running tickhouse records').action(
  async (_options, made: Command) => {
    const { listSources } = await import('./commands/running/sources.ts')
    await listSources(configOf(made))
  },
)

command('sources list', 'show what is recorded', sources).action(async (_options, made: Command) => {
  const { listSources } = await import('./commands/running/sources.ts')
  await listSources(configOf(made))
})

command('sources add', 'record more: tickhouse sources add kraken:SOL/USD "binance:*USDC@trades"', sources)
  .argument('<sources...>', 'in the form of TICKHOUSE_SOURCES')
  .option('--of <part>', 'a part of the configured selection of the recorder that is meant, if there are several')
  .action(async (add: string[], options: SourcesFlags, made: Command) => {
    const { changeSources } = await import('./commands/running/sources.ts')
    await changeSources(configOf(made), { add: add.join(' ') }, options)
  })

command('sources remove', 'record less: tickhouse sources remove binance:BTCUSDT@quotes', sources)
  .argument('<sources...>', 'in the form of TICKHOUSE_SOURCES; a venue alone is all of it')
  .option('--of <part>', 'a part of the configured selection of the recorder that is meant, if there are several')
  .action(async (remove: string[], options: SourcesFlags, made: Command) => {
    const { changeSources } = await import('./commands/running/sources.ts')
    await changeSources(configOf(made), { remove: remove.join(' ') }, options)
  })

command('sources reset', 'record what is configured again', sources)
  .option('--of <part>', 'a part of the configured selection of the recorder that is meant, if there are several')
  .action(async (options: SourcesFlags, made: Command) => {
    const { changeSources } = await import('./commands/running/sources.ts')
    await changeSources(configOf(made), { reset: true }, options)
  })

const gaps = addGapCommands(command, configOf)

command('status', 'show the state of each stage, and of the symbols')
  .option('--all', 'show each symbol and kind, with its state and first tick')
  .action(async (options: StatusFlags, made: Command) => {
    const { status } = await import('./commands/running/status.ts')
    process.exitCode = (await status(configOf(made), options)) ? 0 : 1
  })

command('upgrade', 'replace the processes of a running tickhouse start by the version now on disk').action(
  async (_options, made: Command) => {
    const { upgrade } = await import('./commands/running/upgrade.ts')
    process.exitCode = (await upgrade(configOf(made))) ? 0 : 1
  },
)

command('doctor', 'check that every logged tick is stored exactly once, and what to do if not').action(
  async (_options, made: Command) => {
    const { doctor } = await import('./commands/doctor.ts')
    process.exitCode = (await doctor(configOf(made))) ? 0 : 1
  },
)

command('coverage', 'show how complete what is stored is: proved, repaired, degraded, missing and why')
  .argument('[sources...]', 'venues and symbols: tickhouse coverage binance:BTCUSDT,ETH* kraken')
  .option('--from <time>', 'start of the range, inclusive: 2026-11-22T13:00 (UTC)')
  .option('--to <time>', 'end of the range, exclusive')
  .option('--kind <name>', 'only ticks of this kind: trades, quotes, marks, liquidations')
  .option('--by <what>', 'a row for each symbol, day or hour', 'symbol')
  .option('--format <format>', 'table, json or csv', 'table')
  .addHelpText('after', '\nExits with 1 if any hour of the range is degraded or missing.')
  .action(async (sources: string[], options: CoverageFlags, made: Command) => {
    const { coverage } = await import('./commands/running/coverage.ts')
    process.exitCode = (await coverage(configOf(made), sources, options)) ? 0 : 1
  })

const dataset = addProofCommands(command, configOf, stopping)

const lab = addLabCommands(command, configOf, stopping)

command('replay', "replay stored ticks as a venue's WebSocket feed, as one normalised feed, or into a log")
  .option('--as <format>', 'a venue, for its own message format, or live for one format of all venues')
  .option('--into <log>', 'append to this log instead: sqlite:data/replayed')
  .option('--venue <name>', 'replay only this venue')
  .option('--symbol <names>', 'replay only these symbols, separated by commas; several are merged by time')
  .option('--kinds <names>', 'trades, quotes or both, separated by a comma; by default all that the format has')
  .option('--from <time>', 'start of the range, inclusive: 2026-11-22T13:30 (UTC)')
  .option('--to <time>', 'end of the range, exclusive')
  .option('--speed <factor>', '1 for real time, 10 for ten times as fast, or max', '1')
  .option('--port <number>', 'port on this machine; 0 for any free port', '9010')
  .option('--start-paused', 'wait for the space bar or POST /control/resume')
  .action(async (options: ReplayFlags, made: Command) => {
    const { replay } = await import('./commands/replay.ts')
    await replay(configOf(made), options, stopping())
  })

command('quarantine', 'list refused ticks by reason, or as rows if a filter or --limit is given')
  .option('--reason <reason>', 'only rows with this reason')
  .option('--venue <name>', 'only rows of this venue')
  .option('--symbol <name>', 'only rows of this symbol')
  .option('--since <time>', 'only rows logged at this time or later: 2026-11-22T13:30Z')
  .option('--until <time>', 'only rows logged before this time')
  .option('--at <position>', 'only the row at partition/offset/index')
  .option('--limit <rows>', 'maximum number of rows (20)')
  .option('--raw', 'print the payload of the row named by --at, byte for byte')
  .option('--json', 'print JSON')
  .option('--reprocess', "validate the rows by today's rules and store those that pass")
  .option('--dry-run', 'with --reprocess: report what would change, and change nothing')
  .action(async (options: QuarantineFlags, made: Command) => {
    const { quarantine } = await import('./commands/quarantine.ts')
    await quarantine(configOf(made), options)
  })

command('restore', 'restore archived ticks to an embedded store that no other process has open')
  .option('--from <time>', 'only segments with ticks from this time on: 2026-11-21 (UTC)')
  .option('--to <time>', 'only segments with ticks before this time')
  .action(async (options: RestoreFlags, made: Command) => {
    const { restore } = await import('./commands/restore.ts')
    await restore(configOf(made), options)
  })

command('dashboards', 'copy the Grafana dashboards and the Prometheus alert rules of this version into a directory')
  .argument('<directory>', 'is created; files of the same names are replaced')
  .action(async (directory: string) => {
    const { copyDashboards } = await import('./commands/dashboards.ts')
    copyDashboards(directory)
  })

for (const made of [program, archive, sources, gaps, dataset, lab].flatMap(({ commands }) => commands)) {
  addSettingFlags(made, nameOf(made))
  made.addHelpText(
    'after',
    `\nEach setting is also an environment variable and a line of the file .env: --log-level is ${environmentName('LOG_LEVEL')}.
Addresses and accounts of venues are settings too: see docs/configuration.md.`,
  )
}

/** Aborts on a signal to stop. */
function stopping(): AbortSignal {
  const stop = new AbortController()
  stopSignal().then(() => stop.abort())
  return stop.signal
}

function configOf(made: Command): Config {
  return parseConfig(settingFlags(made, nameOf(made)), withSecretFiles(readEnvironment(), SECRETS_IN_FILES))
}

function nameOf(made: Command): CommandName {
  return (made.parent === program ? made.name() : `${made.parent!.name()} ${made.name()}`) as CommandName
}

/** Runs a process of tickhouse by the settings of its command. */
function run(name: string, made: Command, open: Mode): Promise<void> {
  const { restartedAfter } = made.opts<{ restartedAfter?: string }>()
  return runProcess(name, configOf(made), restartedAfter, open)
}

/** Runs the command of these arguments, `start` if there is none. Rejects with what the command fails with. */
export async function runCommand(args: readonly string[]): Promise<void> {
  await program.parseAsync(args.length > 0 ? args : ['start'], { from: 'user' })
}
