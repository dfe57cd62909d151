/** Best ask and bid of the symbol in view with their sizes, the spread between them, and which side is larger. */
import { bestQuote, serverNowMs, shownSymbol } from '../store.ts'
import { age, basisPoints, decimal, spreadOf, volume } from '../ui/format.ts'
import { view } from '../view.ts'
import { statesOf } from './tick-states.ts'

/** An older quote is marked with its age. */
const OLD_AFTER_MS = 60_000

export function BestQuotePanel() {
  const quote = bestQuote.value
  const decimals = shownSymbol.value?.decimals ?? 2
  const [timeMs, bid, bidSize, ask, askSize] = quote ?? [0, 0, 0, 0, 0]
  const oldWord = oldWordOf(timeMs)
  const share = quote ? bidSize / (bidSize + askSize) : 0.5
  return (
    <div class={`best-quote ${oldWord === null ? '' : 'is-old'}`} data-testid="best-quote">
      <div class="tape-grid best-side">
        <span>ask</span>
        <b data-testid="best-ask">{quote ? decimal(ask, decimals) : '–'}</b>
        <span>{quote ? volume(askSize) : ''}</span>
      </div>
      <div class="tape-grid best-spread">
        {oldWord === null ? <span>{quote ? 'spread' : 'no quotes'}</span> : <span class="quiet-for">{oldWord}</span>}
        <span>{quote ? decimal(ask - bid, decimals) : ''}</span>
        <span data-testid="best-spread">{quote ? `${basisPoints(spreadOf(bid, ask))} bp` : ''}</span>
      </div>
      <div class="tape-grid best-side">
        <span>bid</span>
        <b data-testid="best-bid">{quote ? decimal(bid, decimals) : '–'}</b>
        <span>{quote ? volume(bidSize) : ''}</span>
      </div>
      <div
        class="imbalance"
        role="img"
        aria-label={quote ? `${Math.round(share * 100)} % of the size is bid` : 'no quote yet'}
        title={quote ? `${Math.round(share * 100)} % of the size is bid` : undefined}
      >
        {quote && <i style={{ transform: `scaleX(${share.toFixed(3)})` }} />}
      </div>
    </div>
  )
}

/** Why there is no new quote of the symbol in view, in a word; null if there is nothing to remark. */
function oldWordOf(quotedAtMs: number): string | null {
  const { venue, symbol } = view.value
  const state = statesOf(venue ?? '', symbol ?? '').find(({ kind }) => kind === 'quotes')
  if (state && (state.isDown || state.state === 'halted' || quotedAtMs === 0)) return state.state
  const oldMs = quotedAtMs > 0 ? serverNowMs.value - quotedAtMs : 0
  return oldMs > OLD_AFTER_MS ? `${age(oldMs)} old` : null
}
