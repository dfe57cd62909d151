import type { EventName, Fields } from '../../../src/telemetry/events.ts'

/** Keeps every event told, and lets a test wait for one. */
export class EventLog {
  readonly told: { name: EventName; fields: Fields; atMs: number }[] = []
  readonly #waiting: { name: EventName; resolve: (fields: Fields) => void }[] = []

  readonly emit = (name: EventName, fields: Fields): void => {
    this.told.push({ name, fields, atMs: performance.now() })
    const index = this.#waiting.findIndex(waiting => waiting.name === name)
    if (index >= 0) this.#waiting.splice(index, 1)[0]!.resolve(fields)
  }

  /** The next event of that name, from now on. */
  next(name: EventName): Promise<Fields> {
    return new Promise(resolve => this.#waiting.push({ name, resolve }))
  }

  named(name: EventName): Fields[] {
    return this.told.filter(event => event.name === name).map(({ fields }) => fields)
  }
}
