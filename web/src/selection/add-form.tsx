/** The form that adds symbols of a venue. */
import { useSignal } from '@preact/signals'
import type { SelectedSource, VenueChoice } from '../../../src/sources/control/choices.ts'
import { serverNowMs } from '../store.ts'
import { changeSelection, changing, recorders, requested, sourceText, venues } from './selection.ts'
import { SymbolField } from './symbol-field.tsx'

const SIMULATOR = 'simulator'

export function AddForm({ sources }: { sources: readonly SelectedSource[] }) {
  // The simulated exchange runs only if it was configured.
  const choices = venues.value.filter(
    ({ name }) => name !== SIMULATOR || sources.some(each => each.venue === SIMULATOR),
  )
  const name = useSignal<string | null>(null)
  const kindsOf = useSignal<Record<string, readonly string[]>>({})
  const items = useSignal<readonly string[]>([])
  const typed = useSignal('')
  const venue = choices.find(each => each.name === name.value) ?? choices.find(each => each.name === sources[0]?.venue)
  if (!venue) return null
  const kinds = kindsOf.value[venue.name] ?? venue.defaultKinds
  const all = [...new Set([...items.value, ...wordsOf(typed.value)])]
  const text = all.length > 0 && kinds.length > 0 ? sourceText(venue.name, all, kinds, venue.defaultKinds) : null
  const choose = (chosen: string) => {
    name.value = chosen
    items.value = []
    typed.value = ''
  }
  const add = async () => {
    if (text === null) return
    const atMs = serverNowMs.peek()
    if (!(await changeSelection({ add: text }, `requested from ${venue.name}: ${listOf(all)}`))) return
    items.value = []
    typed.value = ''
    requested.value = spelled(venue.name, all).map(symbol => ({ venue: venue.name, symbol, kinds, atMs }))
  }
  return (
    <form
      class="add-form"
      data-testid="add-form"
      onSubmit={event => {
        event.preventDefault()
        void add()
      }}
    >
      <div class="add-row">
        <label class="field">
          <span class="label">venue</span>
          <select value={venue.name} onChange={event => choose(event.currentTarget.value)} data-testid="add-venue">
            {choices.map(each => (
              <option key={each.name} value={each.name}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <Kinds
          venue={venue}
          kinds={kinds}
          onChange={chosen => {
            kindsOf.value = { ...kindsOf.value, [venue.name]: chosen }
          }}
        />
      </div>
      <SymbolField key={venue.name} venue={venue} sources={sources} items={items} typed={typed} />
      <div class="add-foot">
        <code class="add-command" data-testid="add-command" title="The same from a terminal">
          {text === null ? '' : `tickhouse sources add ${quoted(text)}`}
        </code>
        <button type="submit" class="primary" disabled={text === null || changing.value} data-testid="add-submit">
          {changing.value ? 'Requesting…' : all.length > 1 ? `Record ${all.length}` : 'Record'}
        </button>
      </div>
    </form>
  )
}

function Kinds({
  venue,
  kinds,
  onChange,
}: {
  venue: VenueChoice
  kinds: readonly string[]
  onChange: (kinds: readonly string[]) => void
}) {
  return (
    <fieldset class="kinds" aria-label="kinds of ticks">
      {venue.kinds.map(kind => {
        const chosen = kinds.includes(kind)
        return (
          <label key={kind}>
            <input
              type="checkbox"
              checked={chosen}
              // At least one kind is recorded.
              disabled={chosen && kinds.length === 1}
              data-testid={`add-kind-${kind}`}
              onChange={() => onChange(venue.kinds.filter(each => (each === kind ? !chosen : kinds.includes(each))))}
            />
            {kind}
          </label>
        )
      })}
    </fieldset>
  )
}

/** The symbols among these, as the venue spells them, by what is recorded now. */
function spelled(venue: string, items: readonly string[]): string[] {
  const wanted = new Set(items.map(item => item.toUpperCase()))
  const ours = (recorders.peek() ?? []).flatMap(({ selected }) => selected).filter(each => each.venue === venue)
  return [...new Set(ours.flatMap(({ symbols }) => symbols))].filter(symbol => wanted.has(symbol.toUpperCase()))
}

const NAMED_MAX = 4

const listOf = (items: readonly string[]): string =>
  items.slice(0, NAMED_MAX).join(', ') + (items.length > NAMED_MAX ? ` and ${items.length - NAMED_MAX} more` : '')

/** Words that are still in the field. */
export const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** For a shell, which expands `*`. */
const quoted = (text: string): string => (/[*?]/.test(text) ? `"${text}"` : text)
