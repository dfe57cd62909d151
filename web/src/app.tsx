/** The page, top to bottom: head, route, market, house. */
import { useSignalEffect } from '@preact/signals'
import { Alerts } from './alerts/alerts.tsx'
import { Chart } from './chart/chart.tsx'
import { TapePanel } from './market/tape.tsx'
import { Watchlist } from './market/watchlist.tsx'
import { Lines } from './pipeline/log-view.tsx'
import { Pipeline } from './pipeline/pipeline.tsx'
import { Route } from './pipeline/strip.tsx'
import {
  frozen,
  historyLoading,
  machineNowMs,
  shownSymbol,
  stations,
  symbols,
  symbolsLoaded,
  symbolUnknown,
} from './store.ts'
import { decimal } from './ui/format.ts'
import { Help } from './ui/help.tsx'
import { FrozenNotice, SimulatedBanner, TopBar } from './ui/top-bar.tsx'

export function App() {
  useSignalEffect(nameTheTab)
  useSignalEffect(sayReady)
  return (
    <div class={frozen.value ? 'page frozen' : 'page'}>
      <TopBar />
      <FrozenNotice />
      <Alerts />
      <SimulatedBanner />
      <Route />
      <main class="market">
        <Watchlist />
        <Chart />
        <TapePanel />
        <Pipeline />
        <Lines />
      </main>
      <Help />
    </div>
  )
}

/** Once a second: a tab's name that runs at every tick is noise. */
function nameTheTab(): void {
  machineNowMs.value
  const status = shownSymbol.peek()
  document.title = status ? `${decimal(status.last, status.decimals)} ${status.symbol} · tickhouse` : 'tickhouse'
}

/** Marks the page when its first data is drawn: bars, or the news that there are none to draw. */
function sayReady(): void {
  if (
    !stations.value ||
    !symbolsLoaded.value ||
    (symbols.value.size > 0 && historyLoading.value && !symbolUnknown.value)
  )
    return
  requestAnimationFrame(() => {
    document.body.dataset.ready = 'true'
  })
}
