/** Chromium for the tests of the page: the one of CHROMIUM, or Debian's. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { TestContext } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { WAIT_MS_MAX, within } from '../judges/within.ts'

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why the page cannot be tested here; false if it can. In CI a missing browser is a failure, not a reason to skip. */
export const NO_BROWSER = !fs.existsSync(EXECUTABLE) && !process.env.CI && `no Chromium at ${EXECUTABLE}: set CHROMIUM`

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    timeout: WAIT_MS_MAX,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** Resolves when what is read is as wanted: a page shows a change some time after its cause. */
export async function reads<T>(read: () => Promise<T>, wanted: T): Promise<void> {
  await within(WAIT_MS_MAX, async () => {
    try {
      assert.deepEqual(await read(), wanted)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  })
}

/** Resolves when a text on the page matches. */
export async function says(read: () => Promise<string | null>, wanted: RegExp): Promise<void> {
  await within(WAIT_MS_MAX, async () => {
    const text = (await read()) ?? ''
    return wanted.test(text) ? undefined : `${wanted} is not in: ${text}`
  })
}

/** The page at an address once it is ready, on a wide screen, with the errors that its code throws. */
export async function openPage(
  t: TestContext,
  url: string,
): Promise<{ browser: Browser; page: Page; errors: string[] }> {
  const browser = await launch()
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  page.setDefaultTimeout(WAIT_MS_MAX)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(url)
  await page.waitForSelector('body[data-ready]')
  return { browser, page, errors }
}
