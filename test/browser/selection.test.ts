/** The dialog that adds and removes symbols while they are recorded, in a real browser on a real instance. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { startExchange } from '../../src/simulator/exchange.ts'
import type { EventName } from '../../src/telemetry/events.ts'
import { WAIT_MS_MAX } from '../support/judges/within.ts'
import { NO_BROWSER, openPage, reads, says } from '../support/processes/browser.ts'
import { type Settings, TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const LISTED = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT', 'BNBUSDT', 'SOLETH']
const { SCREENSHOTS } = process.env

interface Opened {
  instance: TestInstance
  running: TestProcess
  browser: Browser
  page: Page
  errors: string[]
}

/** Records two of the symbols that an exchange lists, unless `settings` differ, and opens the page after the event. */
async function open(
  t: TestContext,
  settings: Settings = {},
  after: EventName = 'instruments_found',
  query = '',
): Promise<Opened> {
  const exchange = await startExchange({ symbols: LISTED, ratePerSecond: 300, seed: 5 })
  t.after(() => exchange.close())
  const instance = new TestInstance(t, {
    SOURCES: 'binance:BTCUSDT,ETHUSDT',
    BINANCE_WS: exchange.wsUrl,
    BINANCE_REST: exchange.restUrl,
    QUOTE_CHECK_SECONDS: '0',
    ...settings,
  })
  const running = instance.run('start')
  const url = await running.url()
  await running.waitFor(after)
  return { instance, running, ...(await openPage(t, url + query)) }
}

const symbolsShown = (page: Page) => page.locator('.watch-row .cell-symbol').allTextContents()
const chips = (page: Page) =>
  page.getByTestId('recorded-chip').evaluateAll(all => all.map(each => (each as HTMLElement).dataset.item))

async function screenshot(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `selection-${name}.png`) })
}

test('symbols are added with suggestions, by keys alone, and are live; one that is not listed is refused by name', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  await page.getByTestId('watch-row').nth(1).waitFor()
  await page.keyboard.press('a')
  const dialog = page.getByRole('dialog', { name: 'Recorded symbols' })
  await dialog.waitFor()
  const field = dialog.getByRole('combobox', { name: 'symbols' })
  await page.waitForFunction(() => document.activeElement?.id === 'add-symbols')
  await dialog.getByTestId('add-note').getByText('6 instruments of binance').waitFor()

  await page.keyboard.type('sol')
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=suggestion]').length === 2)
  await reads(() => field.getAttribute('aria-expanded'), 'true')
  const first = dialog.getByTestId('suggestion').first()
  await reads(() => first.locator('span').allTextContents(), ['SOLETH', 'spot', 'trading'])
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await reads(() => field.getAttribute('aria-activedescendant'), 'suggestion-1')
  await screenshot(page, 'suggestions-dark-1440')
  await page.keyboard.press('Enter')
  await dialog.getByTestId('add-chip').getByText('SOLUSDT').waitFor()
  // Escape closes the suggestions, not the dialog.
  await page.keyboard.type('xrp')
  await dialog.getByTestId('suggestion').first().waitFor()
  await page.keyboard.press('Escape')
  await dialog.getByTestId('suggestions').waitFor({ state: 'hidden' })
  await page.keyboard.type('usdt,')
  await reads(() => dialog.getByTestId('add-command').textContent(), 'tickhouse sources add binance:SOLUSDT,xrpusdt')
  await page.keyboard.press('Enter')
  await dialog.getByTestId('selection-result').getByText('Requested from binance: SOLUSDT, xrpusdt.').waitFor()
  for (const symbol of ['SOLUSDT', 'XRPUSDT'])
    await dialog.locator('[data-testid=requested-symbol][data-state=live]', { hasText: symbol }).waitFor()
  await screenshot(page, 'added-dark-1440')
  await reads(() => chips(page), ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'])
  await reads(async () => (await symbolsShown(page)).sort(), ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'])

  await page.keyboard.type('BNBUSDC')
  await dialog.getByTestId('add-note').getByText('binance lists nothing like “BNBUSDC”').waitFor()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  const refused = dialog.getByRole('alert')
  await refused.waitFor()
  await says(() => refused.textContent(), /Binance does not list BNBUSDC\. The nearest symbol is BNBUSDT\./)
  await screenshot(page, 'refused-dark-1440')
  // It is kept, to be corrected.
  await reads(() => dialog.getByTestId('add-chip').textContent(), 'BNBUSDC×')
  await page.keyboard.press('Backspace')

  await page.keyboard.type('*usdt')
  await dialog.getByTestId('add-note').getByText('*usdt matches 5 that trade').waitFor()
  await dialog.getByTestId('add-kind-quotes').click()
  await reads(() => dialog.getByTestId('add-command').textContent(), 'tickhouse sources add "binance:*usdt@trades"')
  await dialog.getByTestId('add-submit').click()
  await dialog.getByTestId('source').nth(1).getByText('*USDT').waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  await page.waitForFunction(() => document.querySelectorAll('.watch-row').length === 5)
  assert.deepEqual(errors, [])
})

test('a symbol is removed after a confirmation, and the configured selection returns', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  await page.getByTestId('selection-button').click()
  const dialog = page.getByTestId('selection')
  const remove = dialog.getByRole('button', { name: 'stop recording ETHUSDT of binance' })
  await remove.click()
  const confirmation = dialog.getByRole('alertdialog')
  await says(
    () => confirmation.textContent(),
    /Stop recording ETHUSDT of binance \(trades, quotes\)\? What is stored stays\./,
  )
  await page.waitForFunction(() => document.activeElement?.textContent === 'Keep')
  await screenshot(page, 'confirmation-dark-1440')
  await page.keyboard.press('Escape')
  await confirmation.waitFor({ state: 'detached' })
  await reads(() => chips(page), ['BTCUSDT', 'ETHUSDT'])
  await remove.click()
  await dialog.getByTestId('asked-confirm').click()
  await dialog.getByTestId('selection-result').getByText('No longer recorded from binance: ETHUSDT.').waitFor()
  await reads(() => chips(page), ['BTCUSDT'])
  await dialog.getByRole('button', { name: 'stop recording BTCUSDT of binance' }).click()
  await dialog.getByTestId('asked-confirm').click()
  await dialog.getByRole('alert').getByText('Nothing would be left to record.').waitFor()

  await dialog.getByTestId('selection-reset').click()
  await dialog.getByTestId('asked-confirm').click()
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=recorded-chip]').length === 2)
  await dialog.getByTestId('selection-close').click()
  await dialog.waitFor({ state: 'hidden' })
  assert.deepEqual(errors, [])
})

/** Confirms each symbol but one, which it refuses; it sends trades of BTC/USD, and of ETH/USD once a test wants it. */
async function openKraken(t: TestContext): Promise<{ url: string; trade: (symbol: string) => void }> {
  const kraken = await LocalVenue.open(t)
  let id = 0
  const trade = (symbol: string) =>
    kraken.broadcast(
      `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"buy","price":100.5,"qty":0.1,"trade_id":${++id},"timestamp":"${new Date().toISOString()}"}]}`,
    )
  kraken.onVisit = ({ socket }) =>
    socket.on('message', data => {
      const { params } = JSON.parse(String(data))
      for (const symbol of params.symbol as string[])
        socket.send(
          JSON.stringify(
            symbol === 'NO/SUCH'
              ? { method: 'subscribe', success: false, symbol, error: 'Currency pair not supported NO/SUCH' }
              : { method: 'subscribe', success: true, result: { channel: params.channel, symbol } },
          ),
        )
      trade('BTC/USD')
    })
  return { url: kraken.url, trade }
}

test('a symbol without a tick so far is above the watch list with its state, or the words that refuse it, until it is live', {
  skip: NO_BROWSER,
}, async t => {
  const kraken = await openKraken(t)
  const { page, errors } = await open(t, { SOURCES: 'kraken:BTC/USD', KRAKEN_WS: kraken.url }, 'connection_opened')
  await page.getByTestId('watch-row').waitFor()
  await page.keyboard.press('a')
  const dialog = page.getByTestId('selection')
  await dialog.getByTestId('add-note').getByText('The list of kraken is read once it is recorded').waitFor()
  await dialog.getByTestId('add-kind-quotes').click()
  await dialog.getByTestId('add-symbols').pressSequentially('NO/SUCH,ETH/USD')
  await dialog.getByTestId('add-submit').click()
  const [refused, waiting] = ['NO/SUCH', 'ETH/USD'].map(symbol =>
    dialog.getByTestId('requested-symbol').filter({ hasText: symbol }),
  )
  await refused!.getByText('trades refused').waitFor()
  await refused!.getByText('Currency pair not supported').waitFor()
  await waiting!.getByText('acknowledged').waitFor()
  await screenshot(page, 'states-dark-1440')
  await page.keyboard.press('Escape')
  const pending = page.getByTestId('pending')
  await pending.locator('[data-symbol="NO/SUCH"][data-state=refused]').waitFor()
  await pending.locator('[data-symbol="ETH/USD"]').getByText('trades acknowledged').waitFor()
  await screenshot(page, 'pending-dark-1440')
  kraken.trade('ETH/USD')
  await pending.locator('[data-symbol="ETH/USD"]').waitFor({ state: 'detached' })
  // Its row comes with its first stored trade.
  await page.locator('.watch-row .cell-symbol', { hasText: 'ETH/USD' }).waitFor()
  await reads(async () => (await symbolsShown(page)).sort(), ['BTC/USD', 'ETH/USD'])
  assert.deepEqual(errors, [])
})

test('without the token, and without a recorder, the dialog states why nothing can be changed', {
  skip: NO_BROWSER,
}, async t => {
  const { page, running, instance } = await open(
    t,
    { TOKEN: 'a-token-of-a-test' },
    'instruments_found',
    '/?token=a-token-of-a-test',
  )
  await page.getByTestId('watch-row').nth(1).waitFor()
  await page.context().clearCookies()
  await page.getByTestId('selection-button').click()
  const why = page.getByTestId('selection-read-only')
  await why.getByText('a token is required').waitFor()
  await reads(() => page.getByTestId('add-form').count(), 0)

  await running.end('SIGTERM')
  const alone = instance.run('ingest')
  await page.goto(`${await alone.url()}/?token=a-token-of-a-test`)
  await page.getByTestId('selection-button').click()
  await why.getByText('No recorder is running').waitFor()
  await screenshot(page, 'read-only-dark-1440')
  await reads(() => page.getByTestId('add-form').count(), 0)
})

test('the dialog fits every screen, in dark and light', { skip: NO_BROWSER }, async t => {
  const { browser, page: first } = await open(t)
  for (const colorScheme of ['dark', 'light'] as const) {
    for (const width of [1440, 1024, 390, 360]) {
      const page = await browser.newPage({ viewport: { width, height: width < 500 ? 844 : 900 }, colorScheme })
      page.setDefaultTimeout(WAIT_MS_MAX)
      await page.goto(first.url())
      await page.waitForSelector('body[data-ready]')
      await page.getByTestId('selection-button').click()
      await page.getByTestId('recorded-chip').first().waitFor()
      await page.getByTestId('add-symbols').pressSequentially('usdt')
      await page.getByTestId('suggestion').first().waitFor()
      const isWithin = await page.evaluate(() => {
        const box = document.querySelector('[data-testid=selection]')!.getBoundingClientRect()
        return (
          box.left >= 0 &&
          box.right <= innerWidth &&
          box.bottom <= innerHeight &&
          document.documentElement.scrollWidth <= innerWidth
        )
      })
      assert.ok(isWithin, `${width} ${colorScheme}`)
      await screenshot(page, `${colorScheme}-${width}`)
      await page.close()
    }
  }
})
