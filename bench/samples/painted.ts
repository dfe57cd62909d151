/** The built-in page of a running instance in a real browser, and its paint times. */
import fs from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { launch } from '../../test/support/processes/browser.ts'

const PAINTS = fs.readFileSync(new URL('../browser/paints.ts', import.meta.url), 'utf8')
/** A new page loads its history first. */
const SETTLE_MS = 2_000

export interface Paint {
  tradeId: number
  /** Paint time of the frame that showed this trade as the newest, ms since 1970 UTC. */
  atMs: number
}

/** Opens a view of the page for `ms`; returns the paints of its tape's newest row, in order. */
export async function paintedWithin(url: string, venue: string, symbol: string, ms: number): Promise<Paint[]> {
  const browser = await launch()
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.addInitScript({ content: stripTypeScriptTypes(PAINTS) })
    await page.goto(`${url}/#/${venue}/${symbol}/1s`)
    await page.waitForSelector('[data-testid=tape-row]')
    await sleep(SETTLE_MS)
    await page.evaluate('paints.length = 0')
    await sleep(ms)
    const paints = await page.evaluate<{ tradeId: string; atMs: number }[]>('paints')
    return paints.map(({ tradeId, atMs }) => ({ tradeId: Number(tradeId), atMs })).sort((a, b) => a.tradeId - b.tradeId)
  } finally {
    await browser.close()
  }
}
