/**
 * Starts a command. Venues from outside the tree are loaded first: settings, flags and selections are made from the
 * list of venues when `program.ts` is imported.
 */
import { inspect, parseArgs } from 'node:util'
import { CommanderError } from 'commander'
import { PREFIX, readEnvironment } from './environment.ts'
import { isEngineFailure, TickhouseError } from './errors.ts'
import { AlreadyLogged, ChildKilled, ChildMistake, EXIT_MISTAKE } from './launcher/endings.ts'
import { ignoreSqliteWarning } from './log/sqlite/warning.ts'
import { bypassProxyForLoopback } from './loopback.ts'
import { printable, redact } from './plain-text.ts'
import { loadVenues } from './venues/outside/load.ts'

/**
 * Loads the venues that the flag or the setting names: for every command, since each refuses settings of venues that it
 * does not know. Throws `config_invalid`.
 */
async function loadNamedVenues(args: string[]): Promise<void> {
  const { venues } = parseArgs({ args, options: { venues: { type: 'string' } }, strict: false }).values
  await loadVenues(typeof venues === 'string' ? venues : (readEnvironment()[`${PREFIX}VENUES`] ?? ''))
}

bypassProxyForLoopback()
ignoreSqliteWarning()
try {
  const args = process.argv.slice(2)
  await loadNamedVenues(args)
  const { runCommand } = await import('./program.ts')
  await runCommand(args)
  process.exit()
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_MISTAKE)
  if (error instanceof ChildMistake) process.exit(EXIT_MISTAKE)
  if (error instanceof ChildKilled) process.exit(1)
  if (error instanceof AlreadyLogged) process.exit(error.code)
  if (error instanceof TickhouseError) {
    const line = redact(`tickhouse: ${error.message}. ${error.advice}`)
    console.error(process.stderr.isTTY ? printable(line, '\n\t') : line)
    process.exit(isEngineFailure(error) ? 1 : EXIT_MISTAKE)
  }
  console.error(redact(inspect(error)))
  process.exit(1)
}
