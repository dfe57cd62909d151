/** What an event is: see ../events.ts for the list. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/** The part of the house something happened in, in the order of a tick's way. */
export type Stage = 'house' | 'sources' | 'log' | 'ingest' | 'store' | 'archive' | 'serve' | 'watch'

export interface EventDefinition {
  station: Stage
  level: Level
  /** The line a person reads. `{name}` is replaced by the field of that name. */
  message: string
}
