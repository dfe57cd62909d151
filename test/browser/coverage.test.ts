/** The heat map of coverage, in a real browser on a real store. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Condition } from '../../src/coverage/condition.ts'
import { HOUR } from '../../src/coverage/facts.ts'
import type { HourRow } from '../../src/coverage/hours.ts'
import { writeHours } from '../../src/coverage/table.ts'
import { startExchange } from '../../src/simulator/exchange.ts'
import { NO_BROWSER, openPage, reads, says } from '../support/processes/browser.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const { SCREENSHOTS } = process.env
const DAYS = 120
/** Yesterday 24:00 UTC, s. */
const UNTIL = Math.floor(Date.now() / 86_400_000) * 86_400
const NAMES = [
  'BTCUSDT',
  'ETHUSDT',
  'SOLUSDT',
  'XRPUSDT',
  'BNBUSDT',
  'ADAUSDT',
  'DOGEUSDT',
  'AVAXUSDT',
  'LINKUSDT',
  'DOTUSDT',
]
const SYMBOLS = [
  ...NAMES.map(name => ['binance', name]),
  ...['BTC/USD', 'ETH/USD', 'SOL/USD'].map(name => ['kraken', name]),
]

const hourOf = (venue: string, symbol: string, hour: number, condition: Condition, cause: string, missing = 0) =>
  ({
    ...{ kind: 'trades', venue, symbol, hour, ids: 'dense', ticks: 4_210, supplied: 0, first_run: 0, first_id: 1 },
    ...{ last_run: 0, last_id: 1, adjoins: 'yes', absent: 0, gaps_open: missing > 0 ? 1 : 0, gaps_unrepairable: 0 },
    ...{ gaps_accepted: 0, gaps_repaired: 2, missing, recorded_seconds: 3_600, resting: false, connections_lost: 0 },
    ...{ compared: 0, equal: 0, condition, cause },
  }) as HourRow

/** Two losses: of one hour of BTCUSDT yesterday, and of days of kraken, which was not recorded. */
function hours(): HourRow[] {
  return SYMBOLS.flatMap(([venue, symbol], index) =>
    Array.from({ length: DAYS * 24 }, (_, at) => {
      const hour = UNTIL - (at + 1) * HOUR
      const day = Math.floor(at / 24)
      if (index === 0 && at === 20) return hourOf(venue!, symbol!, hour, 'degraded', 'gap_unrepairable', 7)
      if (venue === 'kraken' && (day === 31 || day === 32))
        return hourOf(venue, symbol!, hour, 'missing', 'not_recorded')
      if ((day * 7 + index) % 29 === 0 && at % 24 === 9)
        return hourOf(venue!, symbol!, hour, 'repaired', 'ids_dense_after_repair')
      return hourOf(venue!, symbol!, hour, 'proved', 'ids_dense')
    }),
  )
}

async function open(t: TestContext): Promise<{ page: Page; errors: string[] }> {
  const exchange = await startExchange({ symbols: NAMES, ratePerSecond: 100, seed: 5 })
  t.after(() => exchange.close())
  const instance = new TestInstance(t, {
    SOURCES: 'binance:BTCUSDT,ETHUSDT',
    BINANCE_WS: exchange.wsUrl,
    BINANCE_REST: exchange.restUrl,
    QUOTE_CHECK_SECONDS: '0',
  })
  const store = await instance.store()
  await writeHours(store, hours())
  await store.close()
  const url = await instance.run('start').url()
  return openPage(t, url)
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `coverage-${name}.png`) })
}

test('losses are seen first; keys move from day to day; the hours of a day have their reasons', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  await page.keyboard.press('c')
  const dialog = page.getByRole('dialog', { name: 'Coverage' })
  const rows = dialog.getByTestId('coverage-row')
  await rows.first().waitFor()
  await says(
    () => dialog.getByTestId('coverage-totals').textContent(),
    /13 symbols.*7 degraded or missing, of 4 symbols/,
  )
  await says(() => rows.first().getAttribute('aria-label'), /^kraken BTC\/USD: 2 missing, \d+ repaired, \d+ proved$/)
  await dialog.getByTestId('coverage-order-by name').click()
  await page.waitForFunction(() =>
    document.querySelector('[data-testid=coverage-row]')?.textContent?.includes('ADAUSDT'),
  )

  // By keys alone: search, into the map, the day with the loss.
  await dialog.getByRole('searchbox').fill('btcusdt')
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=coverage-row]').length === 1)
  await dialog.getByTestId('coverage-grid').focus()
  await page.keyboard.press('End')
  await page.keyboard.press('ArrowLeft')
  await says(() => rows.first().getAttribute('aria-label'), /^binance BTCUSDT, .*: degraded$/)
  await reads(() => dialog.getByTestId('coverage-grid').getAttribute('aria-activedescendant'), 'coverage-row-0')
  const day = dialog.getByTestId('coverage-day')
  await day.getByText('7 trade ids are missing, and the venue does not supply them').waitFor()
  await says(() => day.textContent(), /03:00–04:00degraded/)
  await dialog.getByRole('searchbox').fill('')
  await rows.nth(5).waitFor()
  await dialog.getByTestId('coverage-order-worst first').click()
  await page.waitForFunction(() =>
    document.querySelector('[data-testid=coverage-row]')?.textContent?.includes('kraken'),
  )
  await dialog
    .locator('.heat-cells')
    .nth(3)
    .click({ position: { x: 900, y: 9 } })
  await day.waitFor()
  await page.waitForTimeout(300)
  await screenshot(page, 'dark-1440')
  await page.emulateMedia({ colorScheme: 'light' })
  await screenshot(page, 'light-1440')
  await dialog.getByTestId('coverage-range-1 year').click()
  await page.waitForTimeout(500)
  await screenshot(page, 'year-light-1440')
  await page.setViewportSize({ width: 390, height: 844 })
  await page.waitForTimeout(300)
  // Nothing is wider than a telephone.
  await page.waitForFunction(() => {
    const [content, dialog] = ['.coverage-content', '.coverage'].map(each => document.querySelector(each)!)
    return content!.scrollWidth <= dialog!.clientWidth
  })
  await screenshot(page, 'light-390')
  await page.emulateMedia({ colorScheme: 'dark' })
  await screenshot(page, 'dark-390')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  assert.deepEqual(errors, [])
})

test('what is shown is exported as JSON and CSV', { skip: NO_BROWSER }, async t => {
  const { page } = await open(t)
  await page.getByTestId('coverage-button').click()
  await page.getByTestId('coverage-row').first().waitFor()
  const download = async (id: string) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId(id).click()])
    return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') }
  }
  const json = await download('coverage-json')
  const days = JSON.parse(json.text) as { symbol: string; condition: string; missing: number }[]
  assert.equal(json.name, 'coverage.json')
  assert.deepEqual(
    days.filter(({ condition }) => condition === 'degraded').map(({ symbol, missing }) => [symbol, Number(missing)]),
    [['BTCUSDT', 7]],
  )
  const csv = await download('coverage-csv')
  assert.equal(csv.text.trim().split('\n').length, days.length + 1)
})
