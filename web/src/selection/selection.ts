/** What the recorders record, and requests to change it: see docs/live.md. */
import { batch, type Signal, signal } from '@preact/signals'
import type { SelectedSource, VenueChoice } from '../../../src/sources/control/choices.ts'
import type { RecordedSources } from '../../../src/status/model.ts'

export const selectionOpen = signal(false)

/** Null before the first answer. */
export const recorders = signal<RecordedSources[] | null>(null)
export const venues = signal<VenueChoice[]>([])
/** Why nothing is known about what is recorded. */
export const unknownBecause = signal<string | null>(null)
/** The configured selection of the recorders that are meant, where there are several. */
export const meant = signal<string | null>(null)

/** What a request led to, in the server's words where it refused. */
export interface Outcome {
  kind: 'done' | 'refused'
  text: string
  advice: string
}

export const outcome = signal<Outcome | null>(null)
/** A request is on its way. */
export const changing = signal(false)

/** A symbol that was requested from this page. */
export interface Requested {
  venue: string
  symbol: string
  kinds: readonly string[]
  atMs: number
}

export const requested = signal<Requested[]>([])

export type SourcesChange = { add: string } | { remove: string } | { reset: true }

const NO_ANSWER = 'No answer from tickhouse: is it running?'
const NO_RECORDER = 'This process shows stored data and knows no recorder.'

/** Changes that were begun or answered: an answer to an earlier request does not replace theirs. */
let changes = 0

/** Reads what is recorded. Without an answer, what is already known stays. */
export async function loadSelection(): Promise<void> {
  const before = changes
  const [sources, choices] = await Promise.all([answerOf('/api/sources'), answerOf('/api/venues')])
  if (before !== changes || (sources.status === 0 && recorders.peek() !== null)) return
  batch(() => {
    if (sources.body !== undefined) replaceIfOther(recorders, sources.body as RecordedSources[])
    if (choices.body !== undefined) replaceIfOther(venues, choices.body as VenueChoice[])
    unknownBecause.value = sources.status === 404 ? NO_RECORDER : sources.failure
  })
}

function replaceIfOther<T>(signal: Signal<T>, value: T): void {
  if (JSON.stringify(signal.peek()) !== JSON.stringify(value)) signal.value = value
}

/** Sends a change and shows its outcome; true if it was made. */
export async function changeSelection(change: SourcesChange, done: string): Promise<boolean> {
  if (changing.peek()) return false
  batch(() => {
    changing.value = true
    outcome.value = null
  })
  const of = meant.peek()
  changes++
  const { body, failure, advice } = await answerOf('/api/sources', { ...change, ...(of !== null && { of }) })
  changes++
  batch(() => {
    changing.value = false
    if (body !== undefined) recorders.value = body as RecordedSources[]
    outcome.value =
      failure === null ? { kind: 'done', text: done, advice: '' } : { kind: 'refused', text: failure, advice }
  })
  return failure === null
}

interface Answer {
  status: number
  /** Undefined if the request failed. */
  body: unknown
  failure: string | null
  advice: string
}

/** A GET, or a POST of a body. Never rejects. */
export async function answerOf(address: string, post?: object, signal?: AbortSignal): Promise<Answer> {
  const options = post && {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify(post),
  }
  try {
    const response = await fetch(address, { ...options, ...(signal && { signal }) })
    const body = await response.json()
    if (response.ok) return { status: response.status, body, failure: null, advice: '' }
    const { message, advice } = body as { message?: string; advice?: string }
    return {
      ...{ status: response.status, body: undefined },
      failure: message ?? `the server answered ${response.status}`,
      advice: advice ?? '',
    }
  } catch {
    return { status: 0, body: undefined, failure: NO_ANSWER, advice: '' }
  }
}

/** The configured selections, each once: a change is for the recorders of one. */
export const configurations = (all: readonly RecordedSources[]): string[] => [
  ...new Set(all.map(({ configured }) => configured)),
]

/** The recorders that a change is for. */
export const meantOf = (all: readonly RecordedSources[], of: string | null): RecordedSources[] =>
  of === null ? [...all] : all.filter(({ configured }) => configured === of)

/** Why nothing can be changed here, in a sentence; null if it can. */
export function readOnlyReason(all: readonly RecordedSources[] | null, unknown: string | null): string | null {
  if (unknown !== null) return unknown
  if (all === null) return null
  if (all.length === 0)
    return 'No recorder is running, so there is nothing to change. Start it with tickhouse start or record.'
  const why = all.find(({ readOnly }) => readOnly !== null)?.readOnly
  return why ? `Nothing can be changed from this page: ${why}. Use tickhouse sources at the recorder.` : null
}

/** In the form of `TICKHOUSE_SOURCES`. */
export const sourceText = (
  venue: string,
  items: readonly string[],
  kinds: readonly string[],
  usual: readonly string[],
) => `${venue}:${items.join(',')}${kinds.join() === usual.join() ? '' : `@${kinds.join(',')}`}`

/** Whether these symbols are already selected by name. */
export function isSelected(sources: readonly SelectedSource[], venue: string, item: string): boolean {
  return sources.some(each => each.venue === venue && (each.symbols.includes(item) || each.patterns.includes(item)))
}
