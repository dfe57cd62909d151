/**
 * The page in a real browser, on a real instance that records the simulator. SCREENSHOTS=<directory> keeps pictures of it.
 */
import assert from 'node:assert/strict'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Store } from '../../src/store/store.ts'
import { WAIT_MS_MAX } from '../support/judges/within.ts'
import { launch, NO_BROWSER, reads, says } from '../support/processes/browser.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'

const SOURCES = 'simulator:BTCUSDT,ETHUSDT,SOLUSDT,XRPUSDT,DOGEUSDT?rate=400&seed=11'

interface Opened {
  house: TestProcess
  browser: Browser
  page: Page
  url: string
  /** What the browser's console said that is no report of a lost connection. */
  errors: string[]
}

async function open(
  t: TestContext,
  hash = '',
  fill: (store: Store) => Promise<void> = async () => {},
): Promise<Opened> {
  const browser = await launch()
  t.after(() => browser.close())
  const home = new TestInstance(t)
  const store = await home.store()
  await fill(store)
  await store.close()
  const house = home.run('start', { SOURCES })
  const url = await house.url()
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  page.setDefaultTimeout(WAIT_MS_MAX)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    const lostConnection = /net::ERR_|Failed to load resource/.test(message.text())
    if (message.type() === 'error' && !lostConnection) errors.push(message.text())
  })
  await page.goto(url + hash)
  await page.waitForSelector('body[data-ready]')
  return { house, browser, page, url, errors }
}

const shown = (page: Page, testId: string) => page.getByTestId(testId).first()
const lastPrice = (page: Page) => page.getByTestId('legend').textContent()

/** Resolves when the legend shows something else than now. */
async function moves(page: Page): Promise<void> {
  const before = await lastPrice(page)
  await page.waitForFunction(text => document.querySelector('[data-testid=legend]')?.textContent !== text, before)
}

test('the page shows a moving market, says that it is simulated, and reports no error', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  assert.equal(await page.locator('h1').textContent(), 'tickhouse')
  await says(() => shown(page, 'banner').textContent(), /simulated data/i)
  await moves(page)
  await moves(page)
  await page.getByTestId('tape-row').nth(5).waitFor()
  await reads(() => page.getByTestId('watch-row').count(), 5)
  for (const stage of ['sources', 'log', 'ingest', 'store', 'archive']) {
    await says(() => page.getByTestId('strip').textContent(), new RegExp(stage, 'i'))
  }
  await page.getByTestId('line').first().waitFor()
  assert.deepEqual(errors, [])
})

test('best bid and ask move, with sizes and spread in the list, beside the tape and under the candles', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  const numberIn = async (testId: string) => Number((await shown(page, testId).textContent())!.replace(/[^\d.]/g, ''))
  await page
    .getByTestId('best-spread')
    .getByText(/^[\d.]+ bp$/)
    .waitFor()
  const bid = await numberIn('best-bid')
  await page.waitForFunction(
    text => document.querySelector('[data-testid=best-bid]')?.textContent !== text,
    await shown(page, 'best-bid').textContent(),
  )
  const ask = await numberIn('best-ask')
  assert.ok(Math.abs(ask / bid - 1) < 0.01, `${bid} ${ask}`)
  await page
    .getByTestId('legend')
    .getByText(/spread [\d.]+ bp/)
    .waitFor()
  await page.getByTestId('watch-sort-spread').click()
  // A symbol is listed before it is quoted.
  await page.waitForFunction(() =>
    ['spread', 'bid', 'bid-size', 'ask', 'ask-size', 'quotes'].every(name => {
      const cells = [...document.querySelectorAll(`.watch-row .cell-${name}`)]
      return cells.length === 5 && cells.every(cell => /\d/.test(cell.textContent ?? ''))
    }),
  )
  const spreads = (await page.locator('.watch-row .cell-spread').allTextContents()).map(Number)
  assert.ok(
    spreads.every(spread => spread > 0 && spread < 100),
    `${spreads}`,
  )
  for (const cell of ['bid', 'bid-size', 'ask', 'ask-size', 'quotes'])
    for (const text of await page.locator(`.watch-row .cell-${cell}`).allTextContents()) assert.match(text, /\d/)
  assert.deepEqual(errors, [])
})

test('another symbol is shown by click and by key, another interval by number, and the address holds it', {
  skip: NO_BROWSER,
}, async t => {
  const { page, errors } = await open(t)
  await page.getByTestId('watch-row').filter({ hasText: 'ETHUSDT' }).click()
  await page.waitForFunction(() => location.hash.includes('/ETHUSDT'))
  await page.getByTestId('chart').filter({ hasText: 'ETHUSDT' }).waitFor()
  await moves(page)
  await page.keyboard.press('3')
  await page.waitForFunction(() => location.hash.endsWith('/1m'))
  await page.keyboard.press('j')
  await page.waitForFunction(() => !location.hash.includes('/ETHUSDT'))
  await page.goBack()
  await page.waitForFunction(() => location.hash.includes('/ETHUSDT'))
  await page.keyboard.press('?')
  await page.getByTestId('help').getByText('this help').waitFor()
  await page.keyboard.press('Escape')
  await page.getByTestId('help').waitFor({ state: 'hidden' })
  await page.keyboard.press('/')
  await page.keyboard.type('sol')
  await page.waitForFunction(() => document.querySelectorAll('[data-testid=watch-row]').length === 1)
  assert.deepEqual(errors, [])
})

test('what a watcher tells is shown until it tells that it is over, and the tables are searched for older lines', {
  skip: NO_BROWSER,
}, async t => {
  const { page, url, errors } = await open(t, '', fillPast)
  const tell = async (open: object[]) => {
    const body = { watcher: 'outside', startedAtMs: 1, atMs: 1, open, availability: [] }
    const request = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    assert.equal((await fetch(`${url}/api/watch`, request)).status, 204)
  }
  await page.getByTestId('watch-state').getByText('not watched').waitFor()
  await page.getByTestId('watch-state').click()
  await page.getByTestId('watchers').getByText('docs/watch.md').waitFor()
  await tell([
    {
      name: 'stale',
      severity: 'critical',
      title: 'BTCUSDT <b>has no new ticks</b>',
      what: 'It is silent.',
      sinceMs: Date.now() - 90_000,
      affected: ['simulator BTCUSDT'],
      next: 'Look at the venue.',
      page: 'docs/watch.md#stale',
      silencedUntilMs: null,
    },
  ])
  const alert = page.getByTestId('alert')
  await alert.getByText('BTCUSDT <b>has no new ticks</b>').waitFor()
  await alert.getByRole('button').click()
  await alert.getByText('Look at the venue.').waitFor()
  await page.getByTestId('watch-state').getByText('1 alert').waitFor()
  await tell([])
  await alert.waitFor({ state: 'detached' })
  await page.getByTestId('watch-state').getByText('watched', { exact: true }).waitFor()

  await page.getByTestId('watchers').getByText('outside').waitFor()

  // Two days and more than that: one was recorded by half, and is told by keys.
  const days = page.getByTestId('uptime').getByRole('slider')
  await page.getByTestId('uptime').locator('.uptime-lost').first().waitFor({ state: 'attached' })
  await days.focus()
  for (let daysBack = 0; daysBack < 3; daysBack++) await page.keyboard.press('ArrowLeft')
  await page
    .getByTestId('pipeline')
    .getByText(`${dayText(2)} UTC · 50.0 % recorded · 100 % stored`)
    .waitFor()
  await reads(() => page.getByTestId('uptime-recent').locator('g').count(), 96)

  await page.getByTestId('lines-search').fill('ARCHIVE long-ago')
  await page.getByTestId('lines-none').getByText('Older searches the tables').waitFor()
  await page.keyboard.press('Enter')
  const old = page.getByTestId('line').filter({ hasText: 'long-ago <i>' })
  await old.waitFor()
  await page.getByTestId('lines-follow').getByText('Follow').click()
  await old.waitFor({ state: 'detached' })
  assert.deepEqual(errors, [])
})

const dayText = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10)

/** A line of twenty days ago, and three days of which the middle one was recorded by half. */
async function fillPast(store: Store): Promise<void> {
  await store.insertRows('events', [
    {
      at: `${dayText(20)} 12:00:00.000`,
      process: 'archive',
      instance: 'before',
      id: 1,
      level: 'warn',
      station: 'archive',
      event: 'archive_failed',
      text: 'long-ago <i>it failed</i>',
      fields: {},
    },
  ])
  const stations = { sources: 'ok', log: 'ok', ingest: 'ok', store: 'ok', archive: 'ok' }
  for (const daysAgo of [3, 2, 1]) {
    const rows = Array.from({ length: 8_640 }, (_, slot) => ({
      at: new Date(Date.parse(dayText(daysAgo)) + slot * 10_000 + 5_000).toISOString().slice(0, -1).replace('T', ' '),
      instance: 'before',
      every_ms: 10_000,
      recorded: daysAgo !== 2 || slot % 2 === 0,
      stored: true,
      ...stations,
    }))
    await store.insertRows('uptime', rows)
  }
}

test('after the storing process was killed the page comes back by itself and moves on', {
  skip: NO_BROWSER,
}, async t => {
  const house = new TestInstance(t, { LISTEN: `127.0.0.1:${await freePort()}` }).run('start', { SOURCES })
  const browser = await launch()
  t.after(() => browser.close())
  const url = await house.url()
  const page = await browser.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(url)
  await page.waitForSelector('body[data-ready]')
  await moves(page)
  const [storing] = house.logged('child_started', { child: 'ingest' })
  // Waited for from before it is so: it may soon be over.
  const lost = page.waitForSelector('[data-testid=connection-state]:not([data-state=live])')
  process.kill(Number(storing!.pid), 'SIGKILL')
  await lost
  await page.waitForSelector('[data-testid=connection-state][data-state=live]')
  await moves(page)
  assert.deepEqual(errors, [])
})

test('at phone width nothing is wider than the screen, in dark and light', { skip: NO_BROWSER }, async t => {
  const { browser, url } = await open(t)
  for (const colorScheme of ['dark', 'light'] as const) {
    for (const width of [1440, 1024, 390, 360]) {
      const page = await browser.newPage({ viewport: { width, height: width < 500 ? 844 : 900 }, colorScheme })
      page.setDefaultTimeout(WAIT_MS_MAX)
      await page.goto(url)
      await page.waitForSelector('body[data-ready]')
      await moves(page)
      assert.ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${width} ${colorScheme}`,
      )
      const { SCREENSHOTS } = process.env
      if (SCREENSHOTS) await page.screenshot({ path: path.join(SCREENSHOTS, `page-${colorScheme}-${width}.png`) })
      await page.close()
    }
  }
})
