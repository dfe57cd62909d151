/**
 * Emits events: each becomes a log line (text, or JSON if configured) and an entry of the recent log, which the page
 * and the tables read. No other code writes to the terminal while a process runs.
 */
import { type Logger, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { plainLine } from '../plain-text.ts'
import { stageName } from './definitions/event.ts'
import { describe, type Emit, EVENTS, type EventName, type Fields, type Level, type Stage } from './events.ts'
import { LogWriter } from './log-writer.ts'

/** An event as the log shows it. */
export interface LogEntry {
  /** Rises by one within a process. */
  id: number
  atMs: number
  level: Level
  station: Stage
  event: EventName
  text: string
  fields: Fields
}

export type EventCounts = Readonly<Partial<Record<EventName, number>>>

/** Entries kept for the page and the tables; older ones are only in the log of the terminal or container. */
const ENTRIES_MAX = 1_000
const STANDARD_OUTPUT = 1
/** Limits of a field and of a message, in UTF-16 units: text from outside may have any length. */
const FIELD_LENGTH_MAX = 2_000
const TEXT_LENGTH_MAX = 4_000

export class Journal {
  readonly #logger: Logger
  readonly #output = new LogWriter(STANDARD_OUTPUT, count => this.emit('lines_left_out', { count }))
  readonly #entries: LogEntry[] = []
  #nextId = 1
  readonly #counts: Partial<Record<EventName, number>> = {}

  /** `process` is the name of the process in JSON lines: `record`, `ingest`, … */
  constructor(process: string, level: Level, format: 'text' | 'json') {
    const readable = prettyFactory({
      colorize: globalThis.process.stdout.isTTY,
      translateTime: 'UTC:HH:MM:ss.l',
      ignore: 'pid,hostname,process,station,event,fields',
      messageFormat: log => `${stageName(log.station as Stage)} ${log.msg}`,
    })
    const formatted = format === 'json' ? (line: string) => line : readable
    const stream = { write: (line: string) => this.#output.write(formatted(line)) }
    this.#logger = pino({ level, base: { process } }, stream)
  }

  /** Text from outside is made plain here, once for the log, the tables and the page. */
  readonly emit: Emit = (event: EventName, given: Fields) => {
    const { level, station } = EVENTS[event]
    const fields = plainFields(given)
    const text = plainLine(describe(event, fields), TEXT_LENGTH_MAX)
    this.#logger[level]({ station, event, fields }, text)
    this.#entries.push({ id: this.#nextId++, atMs: Date.now(), level, station, event, text, fields })
    this.#counts[event] = (this.#counts[event] ?? 0) + 1
    if (this.#entries.length > ENTRIES_MAX) this.#entries.shift()
  }

  /** Resolves when the reader of the log has received all lines, or does not read. */
  flush(): Promise<void> {
    return this.#output.flush()
  }

  /** How often this process emitted each event. */
  get counts(): EventCounts {
    return this.#counts
  }

  /** Entries after the one with this id, oldest first. */
  since(id: number): LogEntry[] {
    return this.#entries.filter(entry => entry.id > id)
  }
}

function plainFields(fields: Fields): Fields {
  const plain: Fields = {}
  for (const [name, value] of Object.entries(fields))
    plain[name] = typeof value === 'string' ? plainLine(value, FIELD_LENGTH_MAX) : value
  return plain
}
