import assert from 'node:assert/strict'
import { lutimesSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { killSwitchPath, refuseKilled, setAtMicros } from '../../../src/lab/live/kill-switch.ts'
import { parsePortfolio } from '../../../src/lab/portfolio/read.ts'

const directory = mkdtempSync(join(tmpdir(), 'kill-switch-'))
after(() => rmSync(directory, { recursive: true }))

const pathOf = (line: string) => {
  const strategy = '{ name: hold, kind: buy-and-hold, symbols: ["test:BTC"], capital: 1 }'
  const text = `name: demo\ncurrency: USDT\n${line}\nstrategies: [${strategy}]`
  return killSwitchPath(parsePortfolio(text, 'portfolio.yaml'), join(directory, 'portfolio.yaml'))
}

test('the kill switch is beside the portfolio, by its name or as it states', () => {
  assert.equal(pathOf(''), join(directory, 'demo.stop'))
  assert.equal(pathOf('kill_switch: ../all.stop'), join(directory, '..', 'all.stop'))
  assert.equal(pathOf('kill_switch: /run/trading.stop'), '/run/trading.stop')
})

test('a new run is refused while the kill switch is set, and any where that cannot be seen', async () => {
  const file = join(directory, 'set.stop')
  await refuseKilled(file, 'demo', false)
  assert.equal(await setAtMicros(file), 0)
  // A file's time is that of the kernel's last tick.
  const fromMicros = (Date.now() - 20) * 1000
  symlinkSync(join(directory, 'nothing'), file)
  lutimesSync(file, 1, 1)
  const setAt = await setAtMicros(file)
  assert.ok(
    setAt >= fromMicros && setAt <= (Date.now() + 1) * 1000,
    'also of a link to nothing, whatever time it states',
  )
  const code = (wanted: RegExp) => (error: Error & { code?: string }) =>
    error.code === 'usage' && wanted.test(error.message)
  await assert.rejects(refuseKilled(file, 'demo', false), code(/set\.stop is there: .* of portfolio demo/))
  await refuseKilled(file, 'demo', true)

  const missing = join(directory, 'none', 'demo.stop')
  assert.equal(await setAtMicros(missing), 0)
  await assert.rejects(refuseKilled(missing, 'demo', false), code(/its directory does not exist/))
  writeFileSync(join(directory, 'plain'), '')
  await assert.rejects(setAtMicros(join(directory, 'plain', 'demo.stop')), code(/cannot see whether the kill switch/))
})
