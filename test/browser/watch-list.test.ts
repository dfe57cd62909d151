/** The watch list with 3,000 symbols of four venues, in a real browser: it sorts, filters and scrolls without standing still. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startExchange } from '../../src/simulator/exchange.ts'
import { launch, NO_BROWSER, reads } from '../support/processes/browser.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

/** 3,000 symbols on a busy machine. */
const WAIT_MS_MAX = 240_000
const VENUES = ['simulator', 'east', 'north', 'west']
const SYMBOLS_PER_VENUE = 750
/** Most symbols are quiet, as on a venue: the last one is quoted about every three seconds. */
const RATE_PER_VENUE = 400
/** Of 3,000: the rest has not been quoted yet. */
const SYMBOLS_MIN = 2_900
/**
 * The longest that the page's main thread may stand still, ms, but for `STALLS_MAX` times. Generous, for a machine that
 * runs other things: it only detects a page that draws or sorts all symbols at every tick.
 */
const TASK_MS_MAX = 2_000
/** A busy machine may stop any process. */
const STALLS_MAX = 3
/** Rows in the document, of 3,000. */
const ROWS_MAX = 60

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const symbols = Array.from(
  { length: SYMBOLS_PER_VENUE },
  (_, at) => `${LETTERS[Math.floor(at / 676)]}${LETTERS[Math.floor(at / 26) % 26]}${LETTERS[at % 26]}USDT`,
)

/** Four simulated exchanges, three of them under names of their own, recorded by one instance. */
async function record(t: TestContext): Promise<string> {
  const instance = new TestInstance(t)
  const files: string[] = []
  let simulatorUrl = ''
  for (const [seed, name] of VENUES.entries()) {
    const exchange = await startExchange({ symbols, ratePerSecond: RATE_PER_VENUE, seed })
    t.after(() => exchange.close())
    if (name === 'simulator') {
      simulatorUrl = exchange.wsUrl
      continue
    }
    const shape = {
      ...{ name, ws: exchange.wsUrl, rest: exchange.restUrl, kinds: ['trades', 'quotes'] },
      ...{
        defaultSymbols: ['AAAUSDT'],
        limits: { symbolsPerConnection: 150, framesPerSecond: 3 },
        silenceMsMax: 30_000,
      },
    }
    const file = path.join(instance.directory, `${name}.ts`)
    const decode = new URL('../../src/venues/binance/decode.ts', import.meta.url)
    fs.writeFileSync(
      file,
      `import { binanceShaped } from '${decode}'\nexport default binanceShaped(${JSON.stringify(shape)})\n`,
    )
    files.push(file)
  }
  const tickhouse = instance.run('start', {
    SOURCES: VENUES.map(name => `${name}:${symbols.join(',')}`).join(' '),
    SIMULATOR_WS: simulatorUrl,
    VENUES: files.join(','),
  })
  return tickhouse.url()
}

/** Runs inside the page: notes tasks of more than 50 ms, and the times between frames. */
function measure(): void {
  const tasks: number[] = []
  const frames: number[] = []
  let lastMs = 0
  const frame = (nowMs: number) => {
    if (lastMs > 0) frames.push(nowMs - lastMs)
    lastMs = nowMs
    requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) tasks.push(duration)
  }).observe({ type: 'longtask' })
  Object.assign(window, { measured: { tasks, frames } })
}

interface Measured {
  tasks: number[]
  frames: number[]
}

const measuredIn = (page: Page) => page.evaluate(() => (window as unknown as { measured: Measured }).measured)

async function clear(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { measured } = window as unknown as { measured: Measured }
    measured.tasks.length = 0
    measured.frames.length = 0
  })
}

const texts = (page: Page, cell: string) => page.locator(`[data-testid=watch-row] .cell-${cell}`).allTextContents()

test('3,000 symbols of four venues are sorted, filtered and scrolled while all of them move', {
  skip: NO_BROWSER,
  timeout: 600_000,
}, async t => {
  const url = await record(t)
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  page.setDefaultTimeout(WAIT_MS_MAX)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.addInitScript(measure)
  await page.goto(url)
  await page.waitForFunction(
    least =>
      Number(
        /^([\d,]+) symbols/
          .exec(document.querySelector('.watch .panel-foot')?.textContent ?? '')?.[1]
          ?.replace(',', ''),
      ) >= least,
    SYMBOLS_MIN,
  )
  await page.getByTestId('watch').getByText('4 venues').waitFor()
  // All of them are shown anew, as to one who opens the page now.
  await page.reload()
  await page.waitForSelector('body[data-ready]')
  const { SCREENSHOTS } = process.env
  if (SCREENSHOTS) {
    await page.waitForTimeout(12_000)
    await page.screenshot({ path: path.join(SCREENSHOTS, 'page-3000-symbols.png') })
  }
  await clear(page)

  const tookMs: number[] = []
  /** Does something, and waits for the second frame after it. */
  const timed = async (act: () => Promise<void>) => {
    const startedMs = performance.now()
    await act()
    await page.evaluate(() => new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve))))
    tookMs.push(performance.now() - startedMs)
  }
  for (const column of ['spread', 'quotes', 'change', 'symbol', 'venue', 'gaps', 'last', 'age', 'rate'])
    for (const _ of [1, 2]) await timed(() => page.getByTestId(`watch-sort-${column}`).click())
  await page.getByTestId('watch-sort-symbol').click()
  const isSorted = async () => {
    const names = await texts(page, 'symbol')
    return [names[0], names.join() === names.toSorted().join()]
  }
  await reads(isSorted, ['AAAUSDT', true])

  for (const text of ['u', 'usd', 'aab east', 'nothing like this', '']) {
    await timed(() => page.getByTestId('watch-search').fill(text))
    assert.ok((await page.getByTestId('watch-row').count()) <= ROWS_MAX)
    if (text === 'aab east')
      await reads(async () => [await texts(page, 'symbol'), await texts(page, 'venue')], [['AABUSDT'], ['east']])
  }
  await page.keyboard.press('Escape')
  const list = page.getByRole('listbox', { name: 'symbols' })
  await list.hover()
  for (let turn = 0; turn < 20; turn++) await timed(() => page.mouse.wheel(0, 2_000))
  assert.ok((await page.getByTestId('watch-row').count()) <= ROWS_MAX)
  for (let step = 0; step < 10; step++) await timed(() => page.keyboard.press('j'))

  // What is in sight is live: bids and asks of these rows change.
  await list.evaluate(element => element.scrollTo(0, 0))
  await page.getByTestId('watch-sort-quotes').click()
  const before = await texts(page, 'bid-size')
  await page.waitForFunction(
    held =>
      [...document.querySelectorAll('.watch-row .cell-bid-size')].some((cell, at) => cell.textContent !== held[at]),
    before,
  )

  const { tasks, frames } = await measuredIn(page)
  const sorted = frames.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
  const longest = Math.round(Math.max(0, ...tasks))
  t.diagnostic(
    `${tookMs.length} actions: from input to the second frame p50 ${median(tookMs)} ms, longest ${Math.round(Math.max(...tookMs))} ms; ` +
      `${frames.length} frames: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)} ms; ${tasks.length} tasks above 50 ms, longest ${longest} ms`,
  )
  const stalls = tasks.filter(ms => ms >= TASK_MS_MAX)
  assert.ok(stalls.length <= STALLS_MAX, `tasks of ${stalls.map(Math.round)} ms`)
  assert.deepEqual(errors, [])
})

const median = (values: readonly number[]): number => Math.round(values.toSorted((a, b) => a - b)[values.length >> 1]!)
