/** The page, top to bottom: head, route, market, house. */
import { useSignalEffect } from '@preact/signals'
import { Alerts } from './alerts.tsx'
import { Chart } from './chart.tsx'
import { decimal } from './format.ts'
import { Help } from './help.tsx'
import { Lines } from './lines.tsx'
import { Pipeline } from './pipeline.tsx'
import { Route } from './route.tsx'
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
import { TapePanel } from './tape.tsx'
import { FrozenNotice, SimulatedBanner, TopBar } from './top-bar.tsx'
import { Watchlist } from './watchlist.tsx'

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
