/** The field for symbols: chosen ones as chips, and suggestions from the venue's list while one types. */
import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type {
  InstrumentChoice,
  InstrumentMatches,
  SelectedSource,
  VenueChoice,
} from '../../../src/sources/control/choices.ts'
import { serverNowMs } from '../store.ts'
import { age, count } from '../ui/format.ts'
import { answerOf, isSelected } from './selection.ts'

/** A request for each letter of a quick typist would be answered too late. */
const SETTLE_MS = 80
const TRADING = 'trading'

export interface SymbolFieldProps {
  venue: VenueChoice
  sources: readonly SelectedSource[]
  items: Signal<readonly string[]>
  typed: Signal<string>
}

export function SymbolField({ venue, sources, items, typed }: SymbolFieldProps) {
  const found = useSignal<InstrumentMatches | null>(null)
  const open = useSignal(false)
  const active = useSignal(-1)
  const input = useRef<HTMLInputElement>(null)
  const text = typed.value.trim()

  useEffect(() => {
    const left = new AbortController()
    const timer = setTimeout(async () => {
      const query = new URLSearchParams({ venue: venue.name, text })
      const { body } = await answerOf(`/api/instruments?${query}`, undefined, left.signal)
      if (body !== undefined && !left.signal.aborted) found.value = body as InstrumentMatches
    }, SETTLE_MS)
    return () => {
      clearTimeout(timer)
      left.abort()
    }
  }, [venue.name, text])
  useEffect(() => input.current?.focus(), [])

  const suggestions = (found.value?.instruments ?? []).filter(({ symbol }) => !items.value.includes(symbol))
  const isPattern = text.includes('*')
  const isOpen = open.value && !isPattern && suggestions.length > 0
  const chosen = isOpen ? active.value : -1

  const take = (item: string) => {
    if (!items.peek().includes(item)) items.value = [...items.peek(), item]
    typed.value = ''
    open.value = false
    active.value = -1
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      if (!isOpen) open.value = true
      else {
        const step = key === 'ArrowDown' ? 1 : -1
        active.value = Math.max(-1, Math.min(suggestions.length - 1, chosen + step))
      }
    } else if (key === 'Enter' && chosen >= 0) take(suggestions[chosen]!.symbol)
    // Enter in an empty field adds what was chosen, like the button.
    else if ((key === 'Enter' || key === ',' || key === ' ') && text !== '') take(text)
    else if (key === 'Escape' && (isOpen || text !== '')) {
      if (isOpen) open.value = false
      else typed.value = ''
    } else if (key === 'Backspace' && typed.peek() === '' && items.peek().length > 0)
      items.value = items.peek().slice(0, -1)
    else return
    event.preventDefault()
  }
  return (
    <div class="field symbol-field">
      <label class="label" for="add-symbols">
        symbols
      </label>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a larger area to click for the field within it */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field within it has the keys */}
      <div class="chips" onClick={event => event.target === event.currentTarget && input.current?.focus()}>
        {items.value.map(item => (
          <span key={item} class="chip" data-testid="add-chip">
            {item}
            <button
              type="button"
              aria-label={`leave out ${item}`}
              onClick={() => {
                items.value = items.peek().filter(each => each !== item)
                input.current?.focus()
              }}
            >
              ×
            </button>
          </span>
        ))}
        <input
          ref={input}
          id="add-symbols"
          type="text"
          role="combobox"
          aria-expanded={isOpen}
          aria-controls="add-suggestions"
          aria-autocomplete="list"
          aria-activedescendant={chosen >= 0 ? `suggestion-${chosen}` : undefined}
          aria-describedby="add-note"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          placeholder={items.value.length > 0 ? '' : placeholderOf(venue)}
          value={typed.value}
          onInput={event => {
            typed.value = event.currentTarget.value
            open.value = true
            active.value = -1
          }}
          onKeyDown={onKeyDown}
          onBlur={() => {
            open.value = false
          }}
          data-testid="add-symbols"
        />
      </div>
      <div
        id="add-suggestions"
        class="suggestions"
        role="listbox"
        aria-label={`instruments of ${venue.name}`}
        hidden={!isOpen}
        data-testid="suggestions"
      >
        {suggestions.map((each, index) => (
          <Suggestion
            key={each.symbol}
            id={`suggestion-${index}`}
            instrument={each}
            active={index === chosen}
            recorded={isSelected(sources, venue.name, each.symbol)}
            onChoose={() => take(each.symbol)}
          />
        ))}
      </div>
      <p id="add-note" class="quiet add-note" data-testid="add-note">
        {noteOf(venue, found.value, text, isPattern)}
      </p>
    </div>
  )
}

interface SuggestionProps {
  id: string
  instrument: InstrumentChoice
  active: boolean
  recorded: boolean
  onChoose: () => void
}

function Suggestion({ id, instrument, active, recorded, onChoose }: SuggestionProps) {
  const row = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (active) row.current!.scrollIntoView({ block: 'nearest' })
  }, [active])
  const { symbol, kind, status } = instrument
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus, and names it as its active descendant
    // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
    <div
      ref={row}
      id={id}
      class="suggestion"
      role="option"
      aria-selected={active}
      data-testid="suggestion"
      data-symbol={symbol}
      // The field keeps the focus.
      onPointerDown={event => event.preventDefault()}
      onClick={onChoose}
    >
      <span class="suggestion-symbol">{symbol}</span>
      <span class="quiet">{kind}</span>
      <span class={status === TRADING ? 'quiet' : 'missed'}>{recorded ? 'recorded' : status}</span>
    </div>
  )
}

const placeholderOf = ({ symbols, hasList }: VenueChoice): string =>
  hasList ? `${symbols[0]}, or a pattern such as ${patternOf(symbols[0]!)}` : `${symbols[0]}`

/** All symbols with the same end as this one. */
function patternOf(symbol: string): string {
  const [end] = /[/-]?[A-Z]{3,4}$/.exec(symbol) ?? []
  return `*${end ?? ''}`
}

/** One line below the field: what the venue's list has for the text. */
function noteOf(
  { name, hasList, requires }: VenueChoice,
  found: InstrumentMatches | null,
  text: string,
  isPattern: boolean,
) {
  const account = requires.length > 0 ? `Requires ${requires.join(' and ')}, set before tickhouse starts. ` : ''
  if (!hasList) return `${account}${name} has no public list of symbols: they are recorded as written.`
  if (found === null) return account
  if (found.readMs === null)
    return `${account}The list of ${name} is read once it is recorded: until then, symbols are taken as written.`
  const { listed, readMs } = found
  if (isPattern) return `${text} matches ${count(found.count)} that trade. Later listings join, delistings leave.`
  if (text !== '' && found.count === 0) return `${name} lists nothing like “${text}”.`
  return `${account}${count(listed)} instruments of ${name}, read ${age(Math.max(0, serverNowMs.value - readMs))} ago.`
}
