/**
 * Runs inside the unmodified built-in page, before its own code: records when each newest row of the tape was painted,
 * by the browser's element timing.
 */

interface Paint {
  /** The newest trade shown. */
  tradeId: string
  /** When the frame was painted, ms since 1970 UTC. */
  atMs: number
}

const paints: Paint[] = []
/** Read by the bench. */
Object.assign(window, { paints })

/** Converts the page's monotonic clock to ms since 1970 UTC, by the machine's current clock. */
const sinceEpochMs = (pageMs: number) => Date.now() - performance.now() + pageMs

new PerformanceObserver(list => {
  for (const entry of list.getEntries() as (PerformanceEntry & { identifier: string; renderTime: number })[])
    paints.push({ tradeId: entry.identifier, atMs: sinceEpochMs(entry.renderTime) })
}).observe({ type: 'element', buffered: true })

let newest: Element | null = null

// Called in the task that changed the page, so before the frame that shows it.
new MutationObserver(() => {
  const row = document.querySelector('[data-testid=tape-row]')
  if (row === null || row === newest) return
  newest = row
  row.querySelector('.tape-size')!.setAttribute('elementtiming', row.getAttribute('title')!.replace('trade ', ''))
}).observe(document, { childList: true, subtree: true })
