#!/usr/bin/env node
/** Commands and flags → configuration → pipeline. */
import { Command, CommanderError, Option } from 'commander'
import type { VerifyFlags } from './commands/archive.ts'
import type { QuarantineFlags } from './commands/quarantine.ts'
import type { ReplayFlags } from './commands/replay.ts'
import type { RestoreFlags } from './commands/restore.ts'
import type { WatchFlags } from './commands/watch.ts'
import { type Config, environmentName, flagName, parseConfig, SETTINGS, type SettingName } from './config.ts'
import { readEnvironment } from './environment.ts'
import { isEngineFailure, TickhouseError } from './errors.ts'
import { AlreadyLogged, type Mode, runProcess, stopSignal } from './launcher/process.ts'
import { ChildKilled, ChildMistake, EXIT_MISTAKE } from './launcher/supervisor.ts'
import { printable } from './plain-text.ts'
import { bypassProxyForLoopback } from './proxies.ts'
import { VERSION } from './version.ts'

const program = new Command('tickhouse')
  .description('Records live market data, stores every tick exactly once in ClickHouse, and shows it.')
  .version(VERSION)
  .configureHelp({ sortOptions: false })
  .showSuggestionAfterError()
  .exitOverride()
  .addHelpText(
    'after',
    `\nEvery setting is a flag or an environment variable (${environmentName('SOURCES')} …), or a line of the file .env.\n`,
  )

/** A command that takes every setting as a flag. */
function command(name: string, description: string, parent = program): Command {
  const made = parent.command(name).description(description)
  for (const [setting, { doc }] of Object.entries(SETTINGS))
    made.addOption(new Option(`${flagName(setting)} <value>`, doc).env(environmentName(setting)))
  return made
}

command('start', 'record, store and show: everything, as two watched processes (the default)').action(
  async (_options, made: Command) => {
    const { start } = await import('./modes/start.ts')
    await run('start', made, start)
  },
)

command('record', 'only from the venues to the log')
  .addOption(new Option('--simulated <json>').hideHelp())
  .addOption(new Option('--restarted-after <how>').hideHelp())
  .action(async (options: { simulated?: string }, made: Command) => {
    const { record } = await import('./modes/record.ts')
    await run('record', made, (config, journal, stopping) =>
      record(config, journal, stopping, options.simulated ? JSON.parse(options.simulated) : undefined),
    )
  })

command('ingest', 'only from the log to the store; serves the page and queries')
  .addOption(new Option('--restarted-after <how>').hideHelp())
  .action(async (_options, made: Command) => {
    const { ingest } = await import('./modes/ingest.ts')
    await run('ingest', made, ingest)
  })

command(
  'serve',
  'only the page and queries on a store that others fill; of an embedded store that rests, SQL over HTTP',
)
  .addOption(new Option('--writable', 'whoever may ask may change everything').hideHelp())
  .action(async (options: { writable?: true }, made: Command) => {
    const { serve } = await import('./modes/serve.ts')
    const { serveStore } = await import('./modes/serve-store.ts')
    await run('serve', made, options.writable ? (config, journal) => serveStore(config, journal, true) : serve)
  })

const archive = command('archive', 'only from a store on a server to the archive').action(
  async (_options, made: Command) => {
    const { archive } = await import('./modes/archive.ts')
    await run('archive', made, archive)
  },
)

command('verify', 'fetch every archived object and compare it with the ledger', archive)
  .option('--deep', 'read the rows too')
  .option('--manifests', 'trust the manifests in the archive, not the ledger: for when the store is gone')
  .action(async (options: VerifyFlags, made: Command) => {
    const { verifyArchive } = await import('./commands/archive.ts')
    process.exitCode = (await verifyArchive(configOf(made), options)) ? 0 : 1
  })

command('status', 'how far the archive is', archive).action(async (_options, made: Command) => {
  const { archiveStatus } = await import('./commands/archive.ts')
  await archiveStatus(configOf(made))
})

command('watch', 'look at a running tickhouse from outside, and tell someone when it stops')
  .option('--test-alert', 'send a message by every route, and say which took it')
  .option('--silence <alert>', 'send no messages about an alert, or about all, for --for')
  .option('--for <time>', 'with --silence: 30m, 2h, 1d (1h)')
  .option('--unsilence <alert>', 'send them again')
  .option('--status', 'what the watcher of this directory knows: open alerts, silences, availability by day')
  .action(async (options: WatchFlags, made: Command) => {
    const { manageSilences } = await import('./commands/watch.ts')
    if (await manageSilences(configOf(made), options)) return
    const { watch } = await import('./watch/watch.ts')
    await run('watch', made, (config, journal) => watch(config, journal))
  })

command('query', 'ask the running tickhouse: tickhouse query "SELECT count() FROM trades"')
  .argument('<sql>', 'a statement that reads; FORMAT at its end chooses the form')
  .action(async (sql: string, _options, made: Command) => {
    const { query } = await import('./commands/query.ts')
    await query(configOf(made), sql)
  })

command('doctor', 'compare log and store: dense, unique, lag; says what to do').action(
  async (_options, made: Command) => {
    const { doctor } = await import('./commands/doctor.ts')
    process.exitCode = (await doctor(configOf(made))) ? 0 : 1
  },
)

command('replay', "send stored ticks out again: as a venue's own WebSocket, as one feed, or into a log")
  .option('--as <format>', 'binance, coinbase or kraken: as that venue; live: ticks of all venues in one form')
  .option('--into <log>', 'write them into this log instead, such as sqlite:data/replayed')
  .option('--venue <name>', 'only ticks of this venue')
  .option('--symbol <names>', 'only these symbols, separated by commas; several are merged by time')
  .option('--from <time>', 'from this time on, such as 2026-11-22T13:30 (UTC)')
  .option('--to <time>', 'up to this time, not included')
  .option('--speed <times>', '1 for the original spacing, 10 for ten times as fast, or max', '1')
  .option('--port <number>', 'where to serve on this machine; 0 for any free port', '9010')
  .option('--start-paused', 'wait for the space bar or POST /control/resume')
  .action(async (options: ReplayFlags, made: Command) => {
    const stopping = new AbortController()
    stopSignal().then(() => stopping.abort())
    const { replay } = await import('./commands/replay.ts')
    await replay(configOf(made), options, stopping.signal)
  })

command('quarantine', 'what was refused and why: reasons, or rows if a filter or --limit is given')
  .option('--reason <reason>', 'only rows refused for this')
  .option('--venue <name>', 'only rows of this venue')
  .option('--symbol <name>', 'only rows of this symbol')
  .option('--since <time>', 'logged at this time or later, such as 2026-11-22T13:30Z')
  .option('--until <time>', 'logged before this time')
  .option('--at <place>', 'the row at partition/offset/index')
  .option('--limit <rows>', 'rows to list (20)')
  .option('--raw', 'the payload of the row named by --at, byte for byte')
  .option('--json', 'as JSON')
  .option('--reingest', "judge them again by today's rules and store what is good now")
  .option('--dry-run', 'with --reingest: only say what would happen')
  .action(async (options: QuarantineFlags, made: Command) => {
    const { quarantine } = await import('./commands/quarantine.ts')
    await quarantine(configOf(made), options)
  })

command('restore', 'bring archived ticks back into the store, which no tickhouse may have open')
  .option('--from <time>', 'only slices with ticks from this time on, such as 2026-11-21 (UTC)')
  .option('--to <time>', 'only slices with ticks before this time')
  .action(async (options: RestoreFlags, made: Command) => {
    const { restore } = await import('./commands/restore.ts')
    await restore(configOf(made), options)
  })

function configOf(made: Command): Config {
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const key = flagName(name)
      .slice(2)
      .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
    // A flag that a command shares with the one it belongs to is taken by that one.
    const given = [made, made.parent].find(command => command?.getOptionValueSource(key) === 'cli')
    if (given) flags[name] = given.getOptionValue(key)
  }
  return parseConfig(flags, readEnvironment())
}

/** Runs a process of tickhouse by the settings of its command. */
function run(name: string, made: Command, open: Mode): Promise<void> {
  const { restartedAfter } = made.opts<{ restartedAfter?: string }>()
  return runProcess(name, configOf(made), restartedAfter, open)
}

bypassProxyForLoopback()
try {
  await program.parseAsync(process.argv.length > 2 ? process.argv : [...process.argv, 'start'])
  process.exit()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_MISTAKE)
  if (error instanceof ChildMistake) process.exit(EXIT_MISTAKE)
  if (error instanceof ChildKilled) process.exit(1)
  if (error instanceof AlreadyLogged) process.exit(error.code)
  if (error instanceof TickhouseError) {
    const line = `tickhouse: ${error.message}. ${error.advice}`
    console.error(process.stderr.isTTY ? printable(line, '\n\t') : line)
    process.exit(isEngineFailure(error) ? 1 : EXIT_MISTAKE)
  }
  console.error(error)
  process.exit(1)
}
