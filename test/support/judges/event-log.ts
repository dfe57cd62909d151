import type { EventName, Fields } from '../../../src/telemetry/events.ts'

/** Keeps every emitted event, and lets a test wait for one. */
export class EventLog {
  readonly emitted: { name: EventName; fields: Fields; atMs: number }[] = []
  readonly #waiting: { name: EventName; resolve: (fields: Fields) => void }[] = []

  readonly emit = (name: EventName, fields: Fields): void => {
    this.emitted.push({ name, fields, atMs: performance.now() })
    const index = this.#waiting.findIndex(waiting => waiting.name === name)
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve(fields)
  }

  /** The next event of that name, from now on. */
  next(name: EventName): Promise<Fields> {
    return new Promise(resolve => this.#waiting.push({ name, resolve }))
  }

  named(name: EventName): Fields[] {
    return this.emitted.filter(event => event.name === name).map(({ fields }) => fields)
  }
}
