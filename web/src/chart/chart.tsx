/** The chart of the symbol in view: header, legend, candles, or a message where there are none. */
import { computed, effect, signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Bar, type BarsAnswer, INTERVALS, type Interval } from '../../../src/serve/page/protocol.ts'
import { useFlash } from '../market/flash.ts'
import {
  bestQuote,
  history,
  historyEmpty,
  historyLoading,
  lastPrice,
  serverNowMs,
  shownSymbol,
  stages,
  symbolsLoaded,
  symbolUnknown,
} from '../store.ts'
import { age, basisPoints, count, day, decimal, percent, timeOfDay, volume, zoneName } from '../ui/format.ts'
import { Segmented } from '../ui/segmented.tsx'
import { paletteVersion } from '../ui/theme.ts'
import { show, view, zone } from '../view.ts'
import { BARS_MAX } from './bars.ts'
import { PriceChart } from './price-chart.ts'

const INTERVAL_NAMES = Object.keys(INTERVALS) as Interval[]
/** A symbol without a trade for this long is called quiet. */
const QUIET_AFTER_MS = 60_000

/** The bar under the crosshair, or the newest; drawn in the legend. */
const legendBar = signal<Bar | null>(null)
/** Its spread in basis points, if known. */
const legendSpread = signal<number | null>(null)
/** Why older bars could not be fetched, or null. */
const olderFailed = signal<string | null>(null)

/** Digits of the prices in view; two until the first list of symbols has come. */
const decimals = computed(() => shownSymbol.value?.decimals ?? 2)
const shownInterval = computed<Interval>(() => view.value.interval ?? '1m')
/** Changes when another symbol or interval is looked at, not with every switch of the address. */
const shownView = computed(() => `${view.value.venue}/${view.value.symbol}/${view.value.interval}`)

export function Chart() {
  return (
    <section class="panel chart" aria-label="price" data-testid="chart">
      <ChartHead />
      <Legend />
      <div class="chart-body">
        <Candles />
        <ChartMessage />
      </div>
    </section>
  )
}

function ChartHead() {
  const { venue, symbol, interval } = view.value
  return (
    <header class="chart-head">
      <h2>
        <span class="chart-symbol" title={symbol ?? undefined}>
          {symbol ?? '–'}
        </span>{' '}
        <span class="quiet">{venue}</span>
      </h2>
      {shownSymbol.value ? <LastPrice /> : <span class="last-price" />}
      <Segmented
        label="interval"
        choices={INTERVAL_NAMES}
        chosen={interval}
        onChoose={chosen => show({ interval: chosen })}
        testId="interval"
      />
    </header>
  )
}

function LastPrice() {
  const { venue, symbol, reference, lastAtMs } = shownSymbol.value!
  const last = lastPrice.value!
  const flash = useFlash(last, `${venue}/${symbol}`)
  const change = percent(last, reference)
  const silentMs = serverNowMs.value - lastAtMs
  return (
    <span class="last-price">
      <b class={flash}>{decimal(last, decimals.value)}</b>
      <span class={change.startsWith('+') ? 'up' : change.startsWith('−') ? 'down' : ''}>{change} %</span>
      <span class={silentMs > QUIET_AFTER_MS ? 'quiet-for' : 'quiet'} data-testid="last-trade-age">
        {silentMs > QUIET_AFTER_MS ? 'quiet for ' : 'last trade '}
        {age(silentMs)}
        {silentMs > QUIET_AFTER_MS ? '' : ' ago'}
      </span>
    </span>
  )
}

/** Open, high, low, close, volume and trades of the bar under the crosshair, else of the newest. */
function Legend() {
  const bar = legendBar.value
  const daily = view.value.interval === '1d'
  const timeZone = daily ? 'utc' : zone.value
  const price = (value: number | undefined) => (value === undefined ? '–' : decimal(value, decimals.value))
  return (
    <div class="legend" data-testid="legend">
      <p>
        <PriceField name="O" value={price(bar?.[1])} />
        <PriceField name="H" value={price(bar?.[2])} />
        <PriceField name="L" value={price(bar?.[3])} />
        <PriceField name="C" value={price(bar?.[4])} />
      </p>
      <p>
        <time>
          {bar
            ? `${day(bar[0], timeZone)}${daily ? '' : ` ${timeOfDay(bar[0], timeZone)}`} ${zoneName(bar[0], timeZone)}`
            : '–'}
        </time>
        <PriceField name="vol" value={bar ? volume(bar[5]) : '–'} />
        <PriceField name="trades" value={bar ? count(bar[6]) : '–'} />
        {bestQuote.value && (
          <PriceField
            name="spread"
            value={legendSpread.value === null ? '–' : `${basisPoints(legendSpread.value)} bp`}
          />
        )}
        <PriceField name="last" value={price(lastPrice.value ?? undefined)} testId="legend-last" />
        {olderFailed.value && <span class="failed">{olderFailed.value}</span>}
      </p>
    </div>
  )
}

function PriceField({ name, value, testId }: { name: string; value: string; testId?: string }) {
  return (
    <span>
      <i>{name}</i> <b data-testid={testId}>{value}</b>
    </span>
  )
}

function ChartMessage() {
  const { venue, symbol } = view.value
  if (symbolUnknown.value) {
    return (
      <div class="chart-message" data-testid="symbol-unknown">
        <h3>
          {symbol} of {venue} is not recorded here.
        </h3>
        <p>Choose one from the watch list, or add it to the sources and start again.</p>
        <button type="button" onClick={() => show({ venue: null, symbol: null })}>
          Show the busiest symbol
        </button>
      </div>
    )
  }
  if (symbol === null && symbolsLoaded.value) {
    return (
      <div class="chart-message" data-testid="market-empty">
        <h3>No ticks yet.</h3>
        <p>Waiting for the first trade of a source. {stages.value?.sources.advice}</p>
      </div>
    )
  }
  if (historyLoading.value)
    return <div class="chart-message chart-skeleton" aria-hidden="true" data-testid="chart-loading" />
  if (historyEmpty.value) {
    return (
      <div class="chart-message" data-testid="chart-empty">
        <h3>Nothing stored for {symbol} yet.</h3>
        <p>The first bar is drawn when its first trade is in the store.</p>
      </div>
    )
  }
  return null
}

/** Fetches bars before the oldest one shown: one request at a time, none once the oldest bar is loaded. */
async function loadOlder(request: { running: boolean }): Promise<void> {
  const { venue, symbol, interval } = view.peek()
  const oldest = history.bars[0]
  if (request.running || history.complete || !oldest || history.bars.length >= BARS_MAX) return
  if (venue === null || symbol === null || interval === null) return
  request.running = true
  try {
    const parameters = new URLSearchParams({ venue, symbol, interval, before: String(oldest[0]) })
    const response = await fetch(`/api/bars?${parameters}`)
    if (!response.ok) throw new Error(`status ${response.status}`)
    const { bars, spreads } = (await response.json()) as BarsAnswer
    // The reader may have gone to another view meanwhile.
    if (history.bars[0] === oldest) history.prepend(bars, spreads)
    olderFailed.value = null
  } catch (error) {
    olderFailed.value = `older bars: ${error instanceof Error ? error.message : 'failed'}`
  } finally {
    request.running = false
  }
}

function Candles() {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => joinChart(host.current!), [])
  return <div class="candles" ref={host} role="img" aria-label="candlestick chart" />
}

/** Joins the bar history, the view and the palette to a chart; returns what parts them again. */
function joinChart(host: HTMLElement): () => void {
  const request = { running: false }
  let hoveredMs: number | null = null
  let drawnToMs = 0
  const showLegend = () => {
    const hovered = hoveredMs === null ? undefined : history.bars.findLast(bar => bar[0] === hoveredMs)
    legendBar.value = hovered ?? history.bars.at(-1) ?? null
    legendSpread.value = (legendBar.value && history.spreads.get(legendBar.value[0])) ?? null
  }
  const chart = new PriceChart(host, {
    onHover: timeMs => {
      hoveredMs = timeMs
      showLegend()
    },
    onNearStart: () => void loadOlder(request),
  })
  const draw = () => {
    chart.draw(history.bars, history.spreads)
    drawnToMs = history.bars.at(-1)?.[0] ?? 0
    showLegend()
  }
  const partHistory = history.subscribe(change => {
    if (change === 'all') return draw()
    for (const bar of change.bars) {
      chart.update(bar, bar[0] >= drawnToMs)
      drawnToMs = Math.max(drawnToMs, bar[0])
    }
    for (const spread of change.spreads) chart.updateSpread(spread, drawnToMs)
    showLegend()
  })
  const partScale = effect(() => {
    chart.setScale({ decimals: decimals.value, zone: zone.value, interval: shownInterval.value })
    draw()
  })
  const partView = effect(() => {
    shownView.value
    chart.showNewest()
  })
  const partPalette = effect(() => {
    paletteVersion.value
    chart.paint()
    draw()
  })
  return () => {
    partHistory()
    partScale()
    partView()
    partPalette()
    chart.remove()
  }
}
