/** Node 22 warns that its SQLite, on which the log is built, is experimental: nothing that a user can act on. */

/** Drops that warning. To be called before `node:sqlite` is loaded. */
export function ignoreSqliteWarning(): void {
  const emit = process.emitWarning
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return
    Reflect.apply(emit, process, [warning, ...rest])
  }
}

/** Options of a thread that loads `node:sqlite`, since a thread has warnings of its own. */
export const THREAD_OPTIONS = process.versions.node.startsWith('22.')
  ? { execArgv: ['--disable-warning=ExperimentalWarning'] }
  : {}
