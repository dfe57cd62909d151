/** What is selected now, venue by venue, each part with a button that removes it once that is confirmed. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { SelectedSource } from '../../../src/sources/control/choices.ts'
import type { RecordedSources } from '../../../src/status/model.ts'
import { statesOf } from '../market/tick-states.ts'
import { count } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { changeSelection, changing, requested, type SourcesChange } from './selection.ts'

/** Of one source; more are found by the filter. */
const CHIPS_MAX = 60
/** From this many on there is a filter. */
const FILTER_FROM = 20

/** What a person confirms before it is done. */
interface Question {
  text: string
  change: SourcesChange
  done: string
  button: string
}

export function RecordedList({ recorder, readOnly }: { recorder: RecordedSources; readOnly: boolean }) {
  const { selected, sources, configured, unresolved } = recorder
  const question = useSignal<Question | null>(null)
  const filter = useSignal('')
  const total = selected.reduce((sum, each) => sum + each.symbols.length + each.patterns.length, 0)
  const ask = readOnly
    ? undefined
    : (next: Question) => {
        question.value = next
      }
  return (
    <section class="recorded" aria-labelledby="recorded-title" data-testid="recorded">
      <header>
        <h3 id="recorded-title" class="label">
          recorded now
        </h3>
        {total >= FILTER_FROM && (
          <input
            type="search"
            class="recorded-filter"
            placeholder={`Filter ${count(total)}`}
            aria-label="filter what is recorded"
            value={filter.value}
            onInput={event => {
              filter.value = event.currentTarget.value
            }}
            data-testid="recorded-filter"
          />
        )}
        <span class="spring" />
        {sources !== configured && ask && (
          <button
            type="button"
            class="plain"
            data-testid="selection-reset"
            title={configured}
            onClick={() =>
              ask({
                text: `Return to the configured selection, ${configured}?`,
                change: { reset: true },
                done: 'back to the configured selection',
                button: 'Return to it',
              })
            }
          >
            Reset to configured
          </button>
        )}
      </header>
      {question.value && <Asked question={question.value} close={() => (question.value = null)} />}
      {selected.length === 0 ? (
        <p class="hint">{sources}</p>
      ) : (
        <ul>
          {selected.map(source => (
            <Source key={`${source.venue}@${source.kinds.join()}`} source={source} filter={filter.value} ask={ask} />
          ))}
        </ul>
      )}
      {unresolved.length > 0 && (
        <p class="advice recorded-note">
          <StatusIcon kind="waiting" />
          <span>Waiting for the venue’s list: {unresolved.join(' ')}</span>
        </p>
      )}
      {sources !== configured && (
        <p class="quiet recorded-note">Changed while running, and kept over restarts. Configured: {configured}</p>
      )}
    </section>
  )
}

interface SourceProps {
  source: SelectedSource
  filter: string
  ask: ((question: Question) => void) | undefined
}

function Source({ source, filter, ask }: SourceProps) {
  const { venue, symbols, patterns, except, kinds } = source
  const wanted = filter.trim().toLowerCase()
  const isShown = (item: string) => wanted === '' || `${venue} ${item}`.toLowerCase().includes(wanted)
  const items = [...patterns, ...symbols].filter(isShown)
  if (items.length === 0) return null
  const at = `@${kinds.join(',')}`
  const remove = (item: string) =>
    ask?.({
      text: `Stop recording ${item} of ${venue} (${kinds.join(', ')})? What is stored stays.`,
      change: { remove: `${venue}:${item}${at}` },
      done: `no longer recorded from ${venue}: ${item}`,
      button: 'Stop recording',
    })
  return (
    <li class="source" data-testid="source" data-venue={venue}>
      <div class="source-head">
        <b>{venue}</b>
        <span class="quiet">{kinds.join(', ')}</span>
        {ask && symbols.length + patterns.length > 1 && (
          <button
            type="button"
            class="plain"
            onClick={() =>
              ask({
                text: `Stop recording all of ${venue} (${kinds.join(', ')})? What is stored stays.`,
                change: { remove: `${venue}${at}` },
                done: `no longer recorded: ${venue}`,
                button: 'Stop recording',
              })
            }
          >
            Remove all
          </button>
        )}
      </div>
      <div class="source-items">
        {items.slice(0, CHIPS_MAX).map(item => (
          <span key={item} class="chip" data-testid="recorded-chip" data-item={item}>
            <ItemState venue={venue} symbol={item} />
            {item}
            {ask && (
              <button type="button" aria-label={`stop recording ${item} of ${venue}`} onClick={() => remove(item)}>
                ×
              </button>
            )}
          </span>
        ))}
        {items.length > CHIPS_MAX && (
          <span class="quiet">and {count(items.length - CHIPS_MAX)} more: filter to find them</span>
        )}
        {except.filter(isShown).map(item => (
          <span key={`-${item}`} class="chip chip-except" title="left out of the patterns">
            −{item}
          </span>
        ))}
      </div>
    </li>
  )
}

/** A mark for what does not arrive. */
function ItemState({ venue, symbol }: { venue: string; symbol: string }) {
  const [state] = statesOf(venue, symbol).toSorted((a, b) => Number(b.isDown) - Number(a.isDown))
  if (!state) return null
  return (
    <span
      class="chip-state"
      role="img"
      aria-label={`${state.kind} ${state.state}`}
      title={`${state.kind} ${state.state}. ${state.detail}`}
    >
      <StatusIcon kind={state.isDown ? 'trouble' : state.state === 'halted' ? 'idle' : 'waiting'} />
    </span>
  )
}

function Asked({ question, close }: { question: Question; close: () => void }) {
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => keep.current!.focus(), [question])
  const confirm = async () => {
    requested.value = []
    await changeSelection(question.change, question.done)
    close()
  }
  return (
    <div
      class="asked"
      role="alertdialog"
      aria-labelledby="asked-text"
      data-testid="asked"
      onKeyDown={event => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        close()
      }}
    >
      <p id="asked-text">{question.text}</p>
      <button ref={keep} type="button" onClick={close} data-testid="asked-keep">
        Keep
      </button>
      <button
        type="button"
        class="danger"
        disabled={changing.value}
        onClick={() => void confirm()}
        data-testid="asked-confirm"
      >
        {changing.value ? 'Requesting…' : question.button}
      </button>
    </div>
  )
}
