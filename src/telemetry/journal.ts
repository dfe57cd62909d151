/**
 * Tells occurrences: each becomes a log line (readable on a terminal, JSON where asked) and joins the last lines, which the page
 * shows. Nothing else in the house writes to the terminal while it runs.
 */
import { type Logger, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { plainLine } from '../plain-text.ts'
import { describe, type Emit, EVENTS, type EventName, type Fields, type Level, type Stage } from './events.ts'
import { LogWriter } from './log-writer.ts'

/** One occurrence as it is kept and shown. */
export interface LogLine {
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

/** Lines kept for the page and the tables; older ones are only in the terminal's or container's log. */
const LINES_MAX = 1_000
const STANDARD_OUTPUT = 1
/** Of one field of an event, and of its line: others' words may be of any length and form. */
const FIELD_LENGTH_MAX = 2_000
const TEXT_LENGTH_MAX = 4_000

export class Journal {
  readonly #logger: Logger
  readonly #output = new LogWriter(STANDARD_OUTPUT, count => this.emit('lines_left_out', { count }))
  readonly #lines: LogLine[] = []
  #nextId = 1
  readonly #counts: Partial<Record<EventName, number>> = {}

  /** `process` names the part of the house in JSON lines. */
  constructor(process: string, level: Level, format: 'text' | 'json') {
    const readable = prettyFactory({
      colorize: globalThis.process.stdout.isTTY,
      translateTime: 'UTC:HH:MM:ss.l',
      ignore: 'pid,hostname,process,station,event,fields',
      messageFormat: '{station} {msg}',
    })
    const written = format === 'json' ? (line: string) => line : readable
    const stream = { write: (line: string) => this.#output.write(written(line)) }
    this.#logger = pino({ level, base: { process } }, stream)
  }

  /** The one place where others' words are made plain, for the log, the tables and the page alike. */
  readonly emit: Emit = (event: EventName, given: Fields) => {
    const { level, station } = EVENTS[event]
    const fields = plainFields(given)
    const text = plainLine(describe(event, fields), TEXT_LENGTH_MAX)
    this.#logger[level]({ station, event, fields }, text)
    this.#lines.push({ id: this.#nextId++, atMs: Date.now(), level, station, event, text, fields })
    this.#counts[event] = (this.#counts[event] ?? 0) + 1
    if (this.#lines.length > LINES_MAX) this.#lines.shift()
  }

  /** Resolves when the terminal or whoever reads the lines has them all, or does not read. */
  flush(): Promise<void> {
    return this.#output.flush()
  }

  /** How often each event was told by this process. */
  get counts(): EventCounts {
    return this.#counts
  }

  /** Lines told after the one with this id, oldest first. */
  since(id: number): LogLine[] {
    return this.#lines.filter(line => line.id > id)
  }
}

function plainFields(fields: Fields): Fields {
  const plain: Fields = {}
  for (const [name, value] of Object.entries(fields))
    plain[name] = typeof value === 'string' ? plainLine(value, FIELD_LENGTH_MAX) : value
  return plain
}
