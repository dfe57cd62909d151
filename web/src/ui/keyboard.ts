/** The keys of the page. Typing in a field, and buttons that have the focus, keep their own keys. */
import { INTERVALS, type Interval } from '../../../src/serve/page/protocol.ts'
import { coverageOpen } from '../coverage/coverage.ts'
import { moveInRuns } from '../lab/shown-run.ts'
import { togglePause } from '../market/tape.tsx'
import { moveInWatchList } from '../market/watchlist.tsx'
import { selectionOpen } from '../selection/selection.ts'
import { show, view } from '../view.ts'
import { helpOpen } from './help.tsx'

const INTERVAL_NAMES = Object.keys(INTERVALS) as Interval[]

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement || target instanceof HTMLSelectElement

/** The dialog's own state: its close event comes later, and the next key may come first. */
const dialogOpen = (): boolean => document.querySelector('dialog[open]') !== null

/** A pointer leaves no focus on a button: the next space means the page's pause, not the button again. */
function onClick(event: MouseEvent): void {
  if (event.detail > 0 && event.target instanceof Element) event.target.closest('button')?.blur()
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || dialogOpen()) return
  if (isTyping(event.target)) {
    if (event.key === 'Escape') (event.target as HTMLElement).blur()
    return
  }
  const isLab = view.peek().lab !== null
  const interval = INTERVAL_NAMES[Number(event.key) - 1]
  if (interval && event.key !== ' ' && !isLab) show({ interval })
  else if (event.key === 'j') move(1)
  else if (event.key === 'k') move(-1)
  else if (event.key === '/' && !isLab) document.getElementById('watch-search')?.focus()
  else if (event.key === 'a') selectionOpen.value = true
  else if (event.key === 'l') show({ lab: isLab ? null : '' })
  else if (event.key === 'c') coverageOpen.value = true
  else if (event.key === '?') helpOpen.value = true
  else if (event.key === ' ' && !isLab && !(event.target instanceof HTMLButtonElement)) togglePause()
  else if (event.key === 'Escape' && view.peek().open) show({ open: null })
  else if (event.key === 'Escape' && isLab) show({ lab: null })
  else return
  event.preventDefault()
}

/** To the next or previous symbol, or run of the lab. */
function move(by: 1 | -1): void {
  if (view.peek().lab === null) moveInWatchList(by)
  else moveInRuns(by)
}

export function listenToKeys(): void {
  document.addEventListener('keydown', onKey)
  document.addEventListener('click', onClick)
}
