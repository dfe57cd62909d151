/**
 * Runs inside the built-in page, before its own code: notes when each newest row of the tape was painted, by what the browser itself
 * says of it (element timing). The page is as shipped: the row is asked for its painting from here.
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

/** The page's monotonic clock as time since 1970 UTC, by the machine's clock as it is now. */
const sinceEpochMs = (pageMs: number) => Date.now() - performance.now() + pageMs

new PerformanceObserver(list => {
  for (const entry of list.getEntries() as (PerformanceEntry & { identifier: string; renderTime: number })[])
    paints.push({ tradeId: entry.identifier, atMs: sinceEpochMs(entry.renderTime) })
}).observe({ type: 'element', buffered: true })

let newest: Element | null = null

// Called within the turn that changed the page, so before the frame that shows it.
new MutationObserver(() => {
  const row = document.querySelector('[data-testid=tape-row]')
  if (row === null || row === newest) return
  newest = row
  row.querySelector('.tape-size')!.setAttribute('elementtiming', row.getAttribute('title')!.replace('trade ', ''))
}).observe(document, { childList: true, subtree: true })
