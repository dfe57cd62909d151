/**
 * The view as in the address bar: `#/binance/BTCUSDT/10s?time=local&open=ingest`. Without venue and symbol the
 * server picks the busiest; without an interval, its default.
 */
import { INTERVALS, type Interval } from '../../src/serve/page/protocol.ts'
import type { Zone } from './ui/format.ts'

export const STAGES = ['sources', 'log', 'ingest', 'store', 'archive'] as const
export type StripStage = (typeof STAGES)[number]

export interface View {
  /** null with `symbol`: the server picks the busiest. */
  venue: string | null
  symbol: string | null
  interval: Interval | null
  zone: Zone
  /** The stage whose details are open. */
  open: StripStage | null
  /** The run of the lab that is shown instead of the market; empty: the first of the list. */
  lab: string | null
}

const isInterval = (text: string | null | undefined): text is Interval => text != null && Object.hasOwn(INTERVALS, text)

// A name may contain half a surrogate pair, an address may not.
const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

const decoded = (text: string | undefined): string | null => {
  if (!text) return null
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Reads an address; what it does not understand it leaves out, so that an old or mistyped address still opens the page. */
export function parseAddress(hash: string): View {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?')
  const [venueText, symbolText, intervalText] = path.split('/')
  const venue = decoded(venueText)
  const symbol = decoded(symbolText)
  const parameters = new URLSearchParams(query)
  const open = parameters.get('open')
  return {
    venue: symbol === null ? null : venue,
    symbol: venue === null ? null : symbol,
    interval: isInterval(intervalText) ? intervalText : null,
    zone: parameters.get('time') === 'local' ? 'local' : 'utc',
    open: STAGES.find(stage => stage === open) ?? null,
    lab: parameters.get('lab'),
  }
}

/** Writes the address of a view. `parseAddress(formatAddress(view))` is the view again. */
export function formatAddress(view: View): string {
  let path = '#/'
  if (view.venue !== null && view.symbol !== null) {
    path += `${encoded(view.venue)}/${encoded(view.symbol)}`
    if (view.interval) path += `/${view.interval}`
  }
  const parameters = new URLSearchParams()
  if (view.zone === 'local') parameters.set('time', 'local')
  if (view.open) parameters.set('open', view.open)
  if (view.lab !== null) parameters.set('lab', view.lab.toWellFormed())
  return parameters.size > 0 ? `${path}?${parameters}` : path
}
