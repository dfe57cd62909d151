/** The lab on the page, in a real browser on a real store. */
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { startExchange } from '../../src/simulator/exchange.ts'
import { LIVE_RUN, labRows } from '../support/data/lab-rows.ts'
import { NO_BROWSER, openPage, reads, says } from '../support/processes/browser.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const { SCREENSHOTS } = process.env

async function screenshot(page: Page, name: string): Promise<void> {
  if (!SCREENSHOTS) return
  await page.waitForTimeout(400)
  await page.screenshot({ path: path.join(SCREENSHOTS, `lab-${name}.png`) })
}

test('the lab shows runs on paper with their replay; without one it shows how to begin', {
  skip: NO_BROWSER,
}, async t => {
  const exchange = await startExchange({ symbols: ['BTCUSDT', 'ETHUSDT'], ratePerSecond: 100, seed: 5 })
  t.after(() => exchange.close())
  const instance = new TestInstance(t, {
    ...{ SOURCES: 'binance:BTCUSDT,ETHUSDT', BINANCE_WS: exchange.wsUrl, BINANCE_REST: exchange.restUrl },
    QUOTE_CHECK_SECONDS: '0',
  })
  const url = await instance.run('start').url()
  const { page, errors } = await openPage(t, url)
  await page.keyboard.press('l')
  const empty = page.getByTestId('lab-empty')
  await empty.getByText('tickhouse lab run portfolio.yaml').waitFor()
  await says(() => empty.textContent(), /Paper only/)
  await screenshot(page, 'empty-dark')

  for (const [table, rows] of labRows(Date.now())) {
    const body = JSON.stringify({ table, rows })
    const answer = await fetch(`${url}/api/lab/rows`, { method: 'POST', body })
    assert.equal(answer.status, 200, await answer.text())
  }
  const list = page.getByTestId('lab-run')
  await list.nth(2).waitFor()
  const head = page.getByTestId('lab-head')
  await head.getByText('paper', { exact: true }).waitFor()
  await says(() => head.textContent(), /Paper only/)
  await says(() => head.textContent(), new RegExp(LIVE_RUN))
  await reads(() => page.getByTestId('lab-badge').textContent(), 'equals its replay')
  await page.getByTestId('lab-fills').locator('tbody tr').nth(20).waitFor()
  await reads(() => page.getByTestId('lab-strategies').locator('tbody tr').count(), 4)
  await says(() => page.getByTestId('lab-strategies').textContent(), /off: drawdown/)
  await says(() => page.getByTestId('lab-positions').textContent(), /ETHUSDT−1\.32/)
  await says(() => page.getByTestId('lab-limits').textContent(), /all togetherdaily loss.*3,000.*all togetherdrawdown/)
  await reads(() => page.getByTestId('lab-curves').locator('canvas').count(), 1)
  await screenshot(page, 'dark-1440')
  await page.emulateMedia({ colorScheme: 'light' })
  await screenshot(page, 'light-1440')

  // The address is the view: back and forward, and a shared link.
  await page.keyboard.press('j')
  await page.waitForFunction(() =>
    document.querySelector('[data-testid=lab-badge]')?.textContent?.startsWith('differs'),
  )
  await reads(() => page.getByTestId('lab-badge').textContent(), 'differs: lab_fills: 1 only stored')
  await says(async () => page.url(), /lab=study-7/)
  await screenshot(page, 'differs-light')
  await page.keyboard.press('j')
  await page.waitForFunction(
    () => document.querySelector('[data-testid=lab-badge]')?.textContent === 'not verified yet',
  )
  await page.keyboard.press('k')
  await page.keyboard.press('k')

  await page.getByTestId('lab-fills').locator('tbody tr').nth(20).waitFor()

  await page.setViewportSize({ width: 1024, height: 768 })
  await screenshot(page, 'light-1024')
  await page.setViewportSize({ width: 390, height: 844 })
  // Nothing is wider than a telephone.
  await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth)
  await screenshot(page, 'light-390')
  await page.setViewportSize({ width: 1440, height: 900 })

  await page.keyboard.press('l')
  await page.getByTestId('chart').waitFor()
  assert.deepEqual(errors, [])
})
