/** Every recorded symbol: last price, change, recent course, rate, age, gaps. */
import { computed, effect, type Signal, signal } from '@preact/signals'
import type { SymbolStatus } from '../../../src/serve/page/protocol.ts'
import { machineNowMs, symbolKey, symbols, symbolsLoaded } from '../store.ts'
import { count } from '../ui/format.ts'
import { VirtualList } from '../ui/virtual-list.tsx'
import { show, view } from '../view.ts'
import { orderWatchList, startsAscending, type WatchColumn, type WatchSort } from './watch-order.ts'
import { WatchRow } from './watch-row.tsx'

/** A list sorted by a changing value is re-sorted this often, and never under the pointer, so that rows can be read. */
const RESORT_MS = 5_000
const ROW_PX = 24
const TALL_ROW_PX = 36

const sort = signal<WatchSort>({ column: 'rate', ascending: false })
export const watchQuery = signal('')
const pointedAt = signal(false)
const sortedAtMs = signal(0)

/** On narrow screens and columns a row has two lines. Must agree with styles/watchlist.css. */
const narrow = matchMedia('(max-width: 1279px)')
const tallRows = signal(narrow.matches)
narrow.addEventListener('change', () => {
  tallRows.value = narrow.matches
})

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

const COLUMNS: { column: WatchColumn; title: string }[] = [
  { column: 'symbol', title: 'symbol' },
  { column: 'venue', title: 'venue' },
  { column: 'last', title: 'last' },
  { column: 'change', title: 'chg %' },
  { column: 'rate', title: 't/s' },
  { column: 'age', title: 'age' },
  { column: 'gaps', title: 'gaps' },
]

export function Watchlist() {
  return (
    <section class="panel watch" aria-label="watch list" data-testid="watch">
      <Search />
      <div class="watch-head watch-grid">
        {COLUMNS.map(({ column, title }) => (
          <SortButton key={column} column={column} title={title} />
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

function SortButton({ column, title }: { column: WatchColumn; title: string }) {
  const { column: by, ascending } = sort.value
  const chosen = by === column
  return (
    <button
      type="button"
      class={`cell-${column}`}
      aria-pressed={chosen}
      aria-label={`sort by ${title}${chosen ? (ascending ? ', ascending' : ', descending') : ''}`}
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
  const rowHeightPx = tallRows.value ? TALL_ROW_PX : ROW_PX
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
      rowHeightPx={rowHeightPx}
      revealed={chosen}
      row={index => (
        <WatchRow
          key={symbolKey(list[index]!.peek().venue, list[index]!.peek().symbol)}
          status={list[index]!}
          index={index}
          rowCount={list.length}
          rowHeightPx={rowHeightPx}
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
        : 'No ticks yet. Symbols appear here with their first trade.'}
    </p>
  )
}

function Total() {
  const venues = new Set<string>()
  for (const status of symbols.value.values()) venues.add(status.peek().venue)
  return (
    <footer class="panel-foot">
      {count(symbols.value.size)} symbols · {count(venues.size)} {venues.size === 1 ? 'venue' : 'venues'}
      {watchQuery.value && <> · {count(ordered.value.length)} shown</>}
    </footer>
  )
}
