/** Events and logs in one stream, filtered by level, stage and text. */
import { computed, signal } from '@preact/signals'
import type { LogEntriesAnswer, LogEntry } from '../../../src/serve/page/protocol.ts'
import { stageName } from '../../../src/telemetry/definitions/event.ts'
import { lines, logLinesMissed, serverNowMs } from '../store.ts'
import { count, day, timeOfDay, timeWithMs, zoneName } from '../ui/format.ts'
import { Segmented } from '../ui/segmented.tsx'
import { StatusIcon } from '../ui/status-icon.tsx'
import { rowStyle, VirtualList } from '../ui/virtual-list.tsx'
import { zone } from '../view.ts'
import { filterLines, LEVELS, LOG_STAGES, type LogFilter } from './log-filter.ts'

const ROW_PX = 20
const TALL_ROW_PX = 38

/** On a phone a line's words get a row of their own. Must agree with styles/lines.css. */
const narrow = matchMedia('(max-width: 599px)')
const rowHeightPx = signal(narrow.matches ? TALL_ROW_PX : ROW_PX)
narrow.addEventListener('change', () => {
  rowHeightPx.value = narrow.matches ? TALL_ROW_PX : ROW_PX
})

const filter = signal<LogFilter>({ level: 'info', stage: 'all', query: '' })
const following = signal(true)
/** The lines shown while not following. */
const paused = signal<LogEntry[]>([])
/** The line whose whole text is shown. */
const opened = signal<LogEntry | null>(null)

const shown = computed(() => filterLines(following.value ? lines.value : paused.value, filter.value))
const newer = computed(() => {
  const last = paused.value.at(-1)
  return following.value || !last ? 0 : filterLines(lines.value, filter.value).filter(line => line.id > last.id).length
})

/** Where the search of earlier lines continues, ms since 1970; null before it began. */
const searchedToMs = signal<number | null>(null)
/** Where the newest line found last is: brought into sight. */
const found = signal(-1)
let searchedFor = ''
let olderId = 0
const searching = signal<'no' | 'running' | 'failed'>('no')

/** Queries the tables for lines before those shown, with the current filter. */
async function searchOlder(): Promise<void> {
  const { level, stage, query } = filter.peek()
  follow(false)
  const searched = JSON.stringify(filter.peek())
  if (searching.peek() === 'running' && searched === searchedFor) return
  if (searched !== searchedFor) {
    searchedFor = searched
    searchedToMs.value = null
    paused.value = paused.peek().filter(({ id }) => id > 0)
  }
  const before = searchedToMs.peek() ?? paused.peek()[0]?.atMs ?? serverNowMs.peek()
  const parameters = new URLSearchParams({ text: query, level, before: String(Math.floor(before)) })
  if (stage !== 'all') parameters.set('station', stage)
  searching.value = 'running'
  found.value = -1
  try {
    const response = await fetch(`/api/lines?${parameters}`)
    if (!response.ok) throw new Error(String(response.status))
    const answer = (await response.json()) as LogEntriesAnswer
    if (following.peek() || searched !== searchedFor) return
    const older = answer.lines.map(line => ({ ...line, id: --olderId, fields: {} }) as LogEntry)
    searchedToMs.value = answer.searchedToMs
    paused.value = [...older, ...paused.peek()]
    found.value = filterLines(older, filter.peek()).length - 1
    searching.value = 'no'
  } catch {
    searching.value = 'failed'
  }
}

function follow(yes: boolean): void {
  if (yes === following.peek()) return
  paused.value = yes ? [] : lines.peek()
  searchedFor = ''
  searchedToMs.value = null
  found.value = -1
  searching.value = 'no'
  following.value = yes
}

/** Reading on to the end follows again, but lines that were searched for are not thrown away by that. */
function onScrolled(atEnd: boolean): void {
  if (!atEnd || searchedToMs.peek() === null) follow(atEnd)
}

const change = (part: Partial<LogFilter>): void => {
  filter.value = { ...filter.peek(), ...part }
}

export function LogView() {
  return (
    <section class="panel lines" aria-label="events and logs" data-testid="lines">
      <header class="panel-head">
        <h2>Events</h2>
        <span class="quiet">{zoneName(serverNowMs.value, zone.value)}</span>
        <Segmented
          label="least level"
          choices={LEVELS}
          chosen={filter.value.level}
          onChoose={level => change({ level })}
          testId="lines-level"
        />
        <select
          aria-label="stage"
          data-testid="lines-stage"
          value={filter.value.stage}
          onChange={event => change({ stage: LOG_STAGES.find(name => name === event.currentTarget.value) ?? 'all' })}
        >
          <option value="all">all stages</option>
          {LOG_STAGES.map(name => (
            <option key={name} value={name}>
              {stageName(name)}
            </option>
          ))}
        </select>
        <input
          type="search"
          placeholder="Search the text"
          aria-label="search the text"
          value={filter.value.query}
          onInput={event => change({ query: event.currentTarget.value })}
          onKeyDown={event => {
            if (event.key === 'Enter') void searchOlder()
          }}
          data-testid="lines-search"
        />
        <span class="spring" />
        <span class="line-count">
          {logLinesMissed.value > 0 && <>{count(logLinesMissed.value)} missed while away · </>}
          {following.value
            ? `${count(shown.value.length)} of ${count(lines.value.length)}`
            : `${count(newer.value)} newer`}
          {searchedToMs.value !== null && <> · searched to {moment(searchedToMs.value)}</>}
        </span>
        <button
          type="button"
          class="plain"
          disabled={searching.value === 'running'}
          data-testid="lines-older"
          title="Search the tables for earlier lines (Enter in the search)"
          onClick={() => void searchOlder()}
        >
          {searching.value === 'failed' ? 'Failed, again' : 'Older'}
        </button>
        <button
          type="button"
          class="plain"
          aria-pressed={following.value}
          data-testid="lines-follow"
          onClick={() => follow(!following.peek())}
        >
          {following.value ? 'Pause' : 'Follow'}
        </button>
      </header>
      <Stream />
      {opened.value && <Opened line={opened.value} />}
    </section>
  )
}

function Stream() {
  const list = shown.value
  if (list.length === 0) {
    const [none, next] =
      searchedToMs.value !== null
        ? [`No line since ${moment(searchedToMs.value)} passes this filter.`, 'Older looks further back.']
        : lines.value.length === 0
          ? ['Nothing was logged yet.', '']
          : ['No line of the last ones passes this filter.', 'Older searches the tables.']
    return (
      <p class="rows hint" data-testid="lines-none">
        {none} {next}
      </p>
    )
  }
  return (
    <VirtualList
      attributes={{ class: 'rows', role: 'log', 'aria-live': 'off', 'aria-label': 'lines', tabIndex: 0 }}
      rowCount={list.length}
      rowHeightPx={rowHeightPx.value}
      followsEnd={following.value}
      revealed={found.value}
      onScrolled={onScrolled}
      row={index => <LineRow key={list[index]!.id} line={list[index]!} index={index} />}
    />
  )
}

const moment = (atMs: number): string => `${day(atMs, zone.value)} ${timeOfDay(atMs, zone.value, false)}`

function LineRow({ line, index }: { line: LogEntry; index: number }) {
  return (
    <div
      class={`line level-${line.level}`}
      style={rowStyle(index, rowHeightPx.value)}
      data-testid="line"
      data-level={line.level}
      data-event={line.event}
    >
      <time>{timeWithMs(line.atMs, zone.value)}</time>
      <span class="line-level">
        <StatusIcon kind={line.level} />
        {line.level}
      </span>
      <span class="line-stage">{stageName(line.station)}</span>
      <button
        type="button"
        class="line-text"
        tabIndex={-1}
        onClick={() => {
          opened.value = opened.peek()?.id === line.id ? null : line
        }}
      >
        {line.text}
      </button>
    </div>
  )
}

/** A line in full, under the stream: long ones are cut there. */
function Opened({ line }: { line: LogEntry }) {
  return (
    <footer class="line-opened">
      <p>
        <b>{line.event}</b> {day(line.atMs, zone.value)} {timeWithMs(line.atMs, zone.value)}{' '}
        {zoneName(line.atMs, zone.value)}
        <br />
        {line.text}
      </p>
      <button
        type="button"
        class="plain"
        onClick={() => {
          opened.value = null
        }}
      >
        Close
      </button>
    </footer>
  )
}
