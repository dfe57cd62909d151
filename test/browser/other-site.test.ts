/** What a page of another site can do to a running tickhouse through the user's browser. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WAIT_MS_MAX } from '../support/judges/within.ts'
import { launch, NO_BROWSER, reads } from '../support/processes/browser.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const SQL = encodeURIComponent('SELECT count() FROM trades')

/** A page of another port of this machine: another origin, though the same site. */
async function serveOther(t: TestContext, html: string): Promise<string> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

test('a page of another site runs no statement by image, fetch, form or link, and may link to the page', {
  skip: NO_BROWSER,
}, async t => {
  const tickhouse = new TestInstance(t).run('start', { SOURCES: 'simulator:BTCUSDT?rate=100' })
  const url = await tickhouse.url()
  const other = await serveOther(
    t,
    `<img src="${url}/?query=${SQL}">
     <img src="${url}/api/bars?venue=simulator&symbol=BTCUSDT&interval=1m">
     <form id="form" action="${url}/?query=${SQL}" method="post"><button id="send">send</button></form>
     <a id="statement" href="${url}/?query=${SQL}">statement</a>
     <a id="page" href="${url}/">page</a>
     <script>
       fetch('${url}/?query=${SQL}', { mode: 'no-cors' }).catch(() => {})
       fetch('${url}/', { method: 'POST', mode: 'no-cors', body: 'SELECT 1' }).catch(() => {})
     </script>`,
  )
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage()
  page.setDefaultTimeout(WAIT_MS_MAX)
  // Answers without access are hidden from the other page, so they are counted where they were refused.
  const denied = async () => {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    return Number(/tickhouse_requests_refused_total\{reason="denied"\} (\d+)/.exec(metrics)?.[1] ?? 0)
  }
  await page.goto(other, { waitUntil: 'networkidle' })
  // Two images and two fetches.
  await reads(denied, 4)
  for (const id of ['send', 'statement']) {
    await page.goto(other, { waitUntil: 'networkidle' })
    const before = await denied()
    const navigated = page.waitForResponse(response => response.request().isNavigationRequest())
    await page.locator(`#${id}`).click()
    assert.equal((await navigated).status(), 403, id)
    assert.equal(await denied(), before + 1, id)
  }
  await page.goto(other, { waitUntil: 'networkidle' })
  const opened = page.waitForResponse(response => response.url() === `${url}/`)
  await page.locator('#page').click()
  assert.equal((await opened).status(), 200)
})
