/** The page, top to bottom: top bar, pipeline strip, market, pipeline, log. */
import { useSignalEffect } from '@preact/signals'
import { Alerts } from './alerts/alerts.tsx'
import { Chart } from './chart/chart.tsx'
import { CoverageDialog } from './coverage/dialog.tsx'
import { Lab } from './lab/lab.tsx'
import { TapePanel } from './market/tape.tsx'
import { Watchlist } from './market/watchlist.tsx'
import { LogView } from './pipeline/log-view.tsx'
import { Pipeline } from './pipeline/pipeline.tsx'
import { PipelineStrip } from './pipeline/strip.tsx'
import { SelectionDialog } from './selection/dialog.tsx'
import {
  historyLoading,
  machineNowMs,
  shownSymbol,
  stages,
  stale,
  symbols,
  symbolsLoaded,
  symbolUnknown,
} from './store.ts'
import { decimal } from './ui/format.ts'
import { Help } from './ui/help.tsx'
import { SimulatedBanner, StaleNotice, TopBar } from './ui/top-bar.tsx'
import { view } from './view.ts'

export function App() {
  useSignalEffect(updateTitle)
  useSignalEffect(markReady)
  return (
    <div class={stale.value ? 'page stale' : 'page'}>
      <TopBar />
      <StaleNotice />
      <Alerts />
      <SimulatedBanner />
      <PipelineStrip />
      {view.value.lab === null ? (
        <main class="market">
          <Watchlist />
          <Chart />
          <TapePanel />
          <Pipeline />
          <LogView />
        </main>
      ) : (
        <Lab />
      )}
      <SelectionDialog />
      <CoverageDialog />
      <Help />
    </div>
  )
}

/** Once a second: a tab's name that runs at every tick is noise. */
function updateTitle(): void {
  machineNowMs.value
  const status = shownSymbol.peek()
  document.title = status ? `${decimal(status.last, status.decimals)} ${status.symbol} · tickhouse` : 'tickhouse'
}

/** Marks the page when its first data is drawn: bars, or the news that there are none to draw. */
function markReady(): void {
  if (!stages.value || !symbolsLoaded.value || (symbols.value.size > 0 && historyLoading.value && !symbolUnknown.value))
    return
  requestAnimationFrame(() => {
    document.body.dataset.ready = 'true'
  })
}
