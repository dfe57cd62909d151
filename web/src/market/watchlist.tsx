/** Every recorded symbol: best bid and ask, last price, change, recent course, spread, rates, age, gaps. */
import { computed, effect, type Signal, signal } from '@preact/signals'
import type { SymbolStatus, VisibleSymbols } from '../../../src/serve/page/protocol.ts'
import { selectionOpen } from '../selection/selection.ts'
import { machineNowMs, streamId, symbolKey, symbols, symbolsLoaded } from '../store.ts'
import { count } from '../ui/format.ts'
import { VirtualList } from '../ui/virtual-list.tsx'
import { show, view } from '../view.ts'
import { PendingSymbols } from './pending-symbols.tsx'
import { orderWatchList, startsAscending, type WatchColumn, type WatchSort } from './watch-order.ts'
import { WatchRow } from './watch-row.tsx'

/** A list sorted by a changing value is re-sorted this often, and never under the pointer, so that rows can be read. */
const RESORT_MS = 5_000
/** Must agree with styles/watchlist.css. */
const ROW_PX = 36
/** Rows that come into sight are requested when the list rests. */
const SETTLE_MS = 150

const sort = signal<WatchSort>({ column: 'rate', ascending: false })
export const watchQuery = signal('')
const pointedAt = signal(false)
const sortedAtMs = signal(0)

effect(() => {
  if (!pointedAt.value && machineNowMs.value - sortedAtMs.peek() > RESORT_MS) sortedAtMs.value = machineNowMs.value
})

const ordered = computed<Signal<SymbolStatus>[]>(() => {
  sortedAtMs.value
  const held = symbols.value
  const list = [...held.values()].map(status => status.peek())
  return orderWatchList(list, sort.value, watchQuery.value).map(
    status => held.get(symbolKey(status.venue, status.symbol))!,
  )
})

/** The rows in sight. */
const inSight = signal({ first: 0, end: 0 })

/** Reports what is in sight to the server, which sends that more often. */
let settle: ReturnType<typeof setTimeout> | undefined
effect(() => {
  const stream = streamId.value
  const shown = ordered.value.slice(inSight.value.first, inSight.value.end).map(status => status.peek().index)
  clearTimeout(settle)
  if (stream === '' || shown.length === 0) return
  settle = setTimeout(() => {
    const body = JSON.stringify({ stream, symbols: shown } satisfies VisibleSymbols)
    // A failure needs no answer: all symbols are sent, only less often.
    fetch('/api/visible', { method: 'PUT', headers: { 'content-type': 'application/json' }, body }).catch(() => {})
  }, SETTLE_MS)
})

/** The place of the symbol in view, or −1. */
const place = computed(() => {
  const { venue, symbol } = view.value
  return ordered.value.findIndex(status => status.peek().venue === venue && status.peek().symbol === symbol)
})

/** Goes to the symbol `step` places below in the list as it is shown; at the ends it stays. */
export function moveInWatchList(step: number): void {
  const list = ordered.peek()
  const target = list[Math.min(list.length - 1, Math.max(0, place.peek() < 0 ? 0 : place.peek() + step))]?.peek()
  if (target) show({ venue: target.venue, symbol: target.symbol }, 'replace')
}

const COLUMNS: { column: WatchColumn; title: string; about?: string }[] = [
  { column: 'symbol', title: 'symbol' },
  { column: 'venue', title: 'venue' },
  { column: 'last', title: 'last' },
  { column: 'change', title: 'chg %' },
  { column: 'spread', title: 'bp', about: 'spread in basis points' },
  { column: 'rate', title: 't/s', about: 'trades per second' },
  { column: 'quotes', title: 'q/s', about: 'quotes per second' },
  { column: 'age', title: 'age', about: 'time since the last trade' },
  { column: 'gaps', title: 'gaps' },
]

/** Columns that are no order of a list. */
const LABELS = [
  { cell: 'bid', title: 'bid' },
  { cell: 'bid-size', title: 'size' },
  { cell: 'ask', title: 'ask' },
  { cell: 'ask-size', title: 'size' },
]

export function Watchlist() {
  return (
    <section class="panel watch" aria-label="watch list" data-testid="watch">
      <div class="watch-bar">
        <Search />
        <button
          type="button"
          class="plain"
          title="add or remove symbols"
          data-testid="selection-button"
          onClick={() => {
            selectionOpen.value = true
          }}
        >
          Add symbols <kbd>a</kbd>
        </button>
      </div>
      <PendingSymbols />
      <div class="watch-head watch-grid">
        {COLUMNS.map(({ column, title, about }) => (
          <SortButton key={column} column={column} title={title} about={about ?? title} />
        ))}
        {LABELS.map(({ cell, title }) => (
          <span key={cell} class={`cell-${cell}`} aria-hidden="true">
            {title}
          </span>
        ))}
      </div>
      <Rows />
      <Total />
    </section>
  )
}

function Search() {
  const onKeyDown = (event: KeyboardEvent) => {
    const input = event.currentTarget as HTMLInputElement
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      moveInWatchList(event.key === 'ArrowDown' ? 1 : -1)
      event.preventDefault()
    } else if (event.key === 'Enter') {
      if (place.peek() < 0) moveInWatchList(0)
      input.blur()
    } else if (event.key === 'Escape') {
      watchQuery.value = ''
      input.blur()
      event.stopPropagation()
    }
  }
  return (
    <div class="search">
      <input
        type="search"
        id="watch-search"
        placeholder="Find a symbol or venue"
        aria-label="find a symbol or venue"
        autocomplete="off"
        spellcheck={false}
        value={watchQuery.value}
        onInput={event => {
          watchQuery.value = event.currentTarget.value
        }}
        onKeyDown={onKeyDown}
        data-testid="watch-search"
      />
      <kbd>/</kbd>
    </div>
  )
}

function SortButton({ column, title, about }: { column: WatchColumn; title: string; about: string }) {
  const { column: by, ascending } = sort.value
  const chosen = by === column
  return (
    <button
      type="button"
      class={`cell-${column}`}
      aria-pressed={chosen}
      title={about}
      aria-label={`sort by ${about}${chosen ? (ascending ? ', ascending' : ', descending') : ''}`}
      data-testid={`watch-sort-${column}`}
      onClick={() => {
        sort.value = { column, ascending: chosen ? !ascending : startsAscending(column) }
      }}
    >
      {title}
      {chosen && <span class="direction">{ascending ? '↑' : '↓'}</span>}
    </button>
  )
}

function Rows() {
  const list = ordered.value
  const chosen = place.value
  if (list.length === 0) return <NoRows />
  return (
    <VirtualList
      attributes={{
        class: 'rows',
        role: 'listbox',
        tabIndex: 0,
        'aria-label': 'symbols',
        'aria-activedescendant': chosen >= 0 ? `watch-${chosen}` : undefined,
        onPointerEnter: () => {
          pointedAt.value = true
        },
        onPointerLeave: () => {
          pointedAt.value = false
        },
        onClick: event => {
          const row = (event.target as Element).closest<HTMLElement>('[data-symbol]')
          if (row) show({ venue: row.dataset.venue!, symbol: row.dataset.symbol! })
        },
        onKeyDown: event => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
          moveInWatchList(event.key === 'ArrowDown' ? 1 : -1)
          event.preventDefault()
        },
      }}
      rowCount={list.length}
      rowHeightPx={ROW_PX}
      revealed={chosen}
      onRange={range => {
        inSight.value = range
      }}
      row={index => (
        <WatchRow
          key={symbolKey(list[index]!.peek().venue, list[index]!.peek().symbol)}
          status={list[index]!}
          index={index}
          rowCount={list.length}
          rowHeightPx={ROW_PX}
          chosen={index === chosen}
        />
      )}
    />
  )
}

function NoRows() {
  if (!symbolsLoaded.value) {
    return (
      <div class="rows skeleton" aria-hidden="true">
        {Array.from({ length: 12 }, (_, index) => (
          <i key={index} />
        ))}
      </div>
    )
  }
  return (
    <p class="rows hint" data-testid="watch-empty">
      {watchQuery.value
        ? `Nothing here is called “${watchQuery.value}”.`
        : 'No ticks yet. Symbols appear here with their first trade or quote.'}
    </p>
  )
}

function Total() {
  const venues = new Set<string>()
  for (const status of symbols.value.values()) venues.add(status.peek().venue)
  return (
    <footer class="panel-foot">
      {count(symbols.value.size)} {symbols.value.size === 1 ? 'symbol' : 'symbols'} · {count(venues.size)}{' '}
      {venues.size === 1 ? 'venue' : 'venues'}
      {watchQuery.value && <> · {count(ordered.value.length)} shown</>}
    </footer>
  )
}
