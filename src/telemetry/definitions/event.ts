/** Definition of an event: see `../events.ts` for the list. */
export type Level = 'debug' | 'info' | 'warn' | 'error'

/**
 * The stage of the pipeline that an event or metric belongs to, in the order a tick passes them; `house` is the process
 * itself. These are the stored values of column `station`.
 */
export type Stage = 'house' | 'sources' | 'log' | 'ingest' | 'store' | 'archive' | 'serve' | 'watch'

/** The name of a stage as people read it. */
export const stageName = (stage: Stage): string => (stage === 'house' ? 'process' : stage)

export interface EventDefinition {
  station: Stage
  level: Level
  /** The message for people. `{name}` is replaced by the field of that name. */
  message: string
}
