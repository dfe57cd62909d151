import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportPage } from '../../../src/lab/report/page.ts'
import { makeReport } from '../../../src/lab/results/report.ts'
import { labFacts, labOutcome, labPortfolio, labRecorded } from '../../support/data/lab-report.ts'
import { launch, NO_BROWSER } from '../../support/processes/browser.ts'

const HOSTILE = `<script>alert("1")</script>'&`

async function hostilePage(): Promise<string> {
  const portfolio = labPortfolio(3)
  const outcome = { ...labOutcome(portfolio, labRecorded('r', 3)), strategy: HOSTILE, kind: HOSTILE }
  const facts = { ...labFacts(`r${HOSTILE}`, portfolio), program: HOSTILE, state: HOSTILE }
  const unproved = [{ name: HOSTILE, condition: HOSTILE, cause: HOSTILE, hours: 1, first: HOSTILE }]
  const shown = {
    ...{ symbols: [HOSTILE], parameters: JSON.stringify({ [HOSTILE]: HOSTILE }), orders: { [HOSTILE]: 1 } },
    ...{ breaches: { [HOSTILE]: 2 }, positions: [{ name: HOSTILE, quantity: 1.5, paid: 10 }], fillsHash: HOSTILE },
  }
  const completeness = { hours: 2, proved: 1, unproved }
  const noTrials = async () => new Uint8Array()
  return reportPage(await makeReport(noTrials, { ...facts, completeness }, [{ ...outcome, ...shown }]))
}

test('names are escaped wherever they are, and nothing is loaded', async () => {
  const page = await hostilePage()
  assert.doesNotMatch(page, /<script|alert\("|<img|<link|src=|href=|url\(|@import/)
  assert.ok(page.split('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;').length > 14)
  assert.match(page, /Paper only: no order was sent to a venue\./)
  assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/)
})

test('it has the curves and every table, light and dark, in a browser', { skip: NO_BROWSER }, async t => {
  const browser = await launch()
  t.after(() => browser.close())
  const colours = new Set<string>()
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport: { width: 1100, height: 800 }, colorScheme, javaScriptEnabled: true })
    await page.setContent(await hostilePage())
    assert.equal(await page.locator('svg path.equity').count(), 1)
    assert.equal(await page.locator('svg path.lost').count(), 1)
    assert.ok((await page.locator('table').count()) >= 7)
    const wide = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
    assert.equal(wide, false, 'fits the width')
    colours.add(String(await page.evaluate('getComputedStyle(document.body).backgroundColor')))
  }
  assert.equal(colours.size, 2)
})
