/** What a recorder records: the configured selection, as it was changed by requests while it ran, also by an earlier run. */
import { TickhouseError } from '../../errors.ts'
import type { StatusBoard } from '../../log/status-board.ts'
import { nearest } from '../../nearest.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Subscription } from '../feeds.ts'
import { formatSources, namesNothing, parseSources, type Selected } from '../selection.ts'
import type { SelectionStatus } from '../status.ts'
import type { CheckedSymbols, Matched } from '../subscription/checked-symbols.ts'
import { addSource, removeSource } from './change.ts'
import { keepSelection, readSelection } from './kept-selection.ts'

export const REQUESTS_EVERY_MS = 250
/** Outcomes in the status: who requested reads its own within seconds. */
const OUTCOMES_MAX = 10

/** A request to change the selection; each part in the form of `TICKHOUSE_SOURCES`. */
export interface SelectionRequest {
  /** Unique. */
  id: string
  /** The configured selection of the recorders that it is for. */
  of: string
  add?: string
  remove?: string
  /** Back to the configured selection. */
  reset?: boolean
}

export interface SelectionControlOptions {
  configured: string
  board: StatusBoard
  /** The latest request of any process. */
  latestRequest(): unknown
  /** Throws `config_invalid` if the venue requires a secret that is not set. */
  subscriptionOf(selected: Selected): Subscription
  emit: Emit
}

export class SelectionControl {
  readonly configured: string
  readonly #options: SelectionControlOptions
  #selected: readonly Selected[]
  #changed: string | undefined
  #matched: Matched
  #checked: CheckedSymbols | undefined
  #onVenues: (subscriptions: readonly Subscription[]) => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #lastId: string | undefined
  readonly #outcomes: SelectionStatus['outcomes'] = []

  /** Reads the kept selection. Throws `config_invalid` for an invalid configuration. */
  constructor(options: SelectionControlOptions) {
    this.#options = options
    this.#selected = parseSources(options.configured)
    this.configured = formatSources(this.#selected)
    const { changed, matched } = readSelection(options.board, this.configured)
    this.#matched = matched
    if (changed === undefined) return
    try {
      this.#selected = parseSources(changed)
      this.subscriptions()
      this.#changed = changed
      options.emit('selection_changed_before', { sources: changed, configured: this.configured })
    } catch (error) {
      this.#selected = parseSources(options.configured)
      options.emit('selection_unreadable', { sources: changed, why: (error as Error).message })
    }
  }

  get selected(): readonly Selected[] {
    return this.#selected
  }

  get matched(): Matched {
    return this.#matched
  }

  subscriptions(): Subscription[] {
    return this.#selected.map(this.#options.subscriptionOf)
  }

  status(): SelectionStatus {
    return { configured: this.configured, outcomes: this.#outcomes }
  }

  /** The symbols that patterns match have changed. */
  keepMatched(matched: Matched): void {
    this.#matched = new Map(matched)
    void this.#keep()
  }

  /** Executes requests from now on. `onVenues` is called with the subscriptions after each change. */
  start(checked: CheckedSymbols, onVenues: (subscriptions: readonly Subscription[]) => void): void {
    this.#checked = checked
    this.#onVenues = onVenues
    // Left by someone who no longer waits for it.
    this.#lastId = requestIn(this.#options.latestRequest())?.id
    this.#timer = setInterval(() => void this.#poll(), REQUESTS_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #poll(): Promise<void> {
    const request = requestIn(this.#options.latestRequest())
    if (!request || request.id === this.#lastId) return
    this.#lastId = request.id
    if (request.of !== this.configured) return
    const failure = await this.#execute(request)
    this.#outcomes.push({ id: request.id, failure })
    if (this.#outcomes.length > OUTCOMES_MAX) this.#outcomes.shift()
  }

  /** Null, or why nothing was changed. */
  async #execute(request: SelectionRequest): Promise<{ message: string; advice: string } | null> {
    const before = this.#selected
    try {
      const checked = this.#checked!
      // As they are spelled now.
      const current = before.map((one, index) => ({ ...one, symbols: checked.named[index]! }))
      this.#selected = this.#changedBy(request, current)
      const subscriptions = this.subscriptions()
      const sources = formatSources(this.#selected)
      // A restart reads it: it must accept what is accepted now.
      parseSources(sources)
      this.#changed = sources === this.configured ? undefined : sources
      await checked.change(subscriptions)
      this.#onVenues(subscriptions)
      await this.#keep()
      this.#options.emit('selection_changed', { sources })
      return null
    } catch (error) {
      this.#selected = before
      const { message, advice } = error as Partial<TickhouseError> & Error
      return { message, advice: advice ?? '' }
    }
  }

  #changedBy({ add, remove, reset }: SelectionRequest, current: readonly Selected[]): Selected[] {
    let sources: readonly Omit<Selected, 'given'>[] = reset ? parseSources(this.configured) : current
    for (const one of remove ? parseSources(remove) : []) sources = removeSource(sources, one, namesNothing(one))
    for (const one of add ? parseSources(add) : []) sources = addSource(sources, this.#listed(one))
    return sources.map(each => ({ ...each, given: each.symbols }))
  }

  /** In the venue's spelling, if its list is known. Throws `config_invalid` for a symbol that the venue does not list. */
  #listed(source: Selected): Selected {
    if (source.venue.name === 'simulator' && !this.#selected.some(({ venue }) => venue === source.venue))
      throw new TickhouseError(
        'config_invalid',
        'no simulated exchange is running',
        'Set TICKHOUSE_SOURCES to start one.',
      )
    const symbols = source.symbols.map(symbol => {
      const found = this.#checked!.find(source.venue.name, symbol)
      if (found === undefined || found.symbol !== undefined) return found?.symbol ?? symbol
      const advice = `The nearest symbol is ${nearest(symbol, found.listed)}.`
      throw new TickhouseError('config_invalid', `${source.venue.name} does not list ${symbol}`, advice)
    })
    return { ...source, symbols }
  }

  async #keep(): Promise<void> {
    const { board, emit } = this.#options
    await keepSelection(board, this.configured, { changed: this.#changed, matched: this.#matched }, emit)
  }
}

function requestIn(body: unknown): SelectionRequest | undefined {
  const { id, of, add, remove, reset } = (body ?? {}) as Partial<Record<keyof SelectionRequest, unknown>>
  if (typeof id !== 'string' || typeof of !== 'string') return undefined
  return {
    ...{ id, of, reset: reset === true },
    ...(typeof add === 'string' && { add }),
    ...(typeof remove === 'string' && { remove }),
  }
}
