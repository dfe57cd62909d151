/** Chromium for the tests of the page: the one of CHROMIUM, or Debian's. */
import fs from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Why the page cannot be tested here; false if it can. In CI a missing browser is a failure, not a reason to skip. */
export const NO_BROWSER = !fs.existsSync(EXECUTABLE) && !process.env.CI && `no Chromium at ${EXECUTABLE}: set CHROMIUM`

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
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
