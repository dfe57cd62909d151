import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { monthlyCost, total } from '../../../deploy/aws/cost.ts'

test('the machine of size S costs its hours, its address, its disks, its key, its secret, its alarms and its logs', () => {
  const hours = 730
  const expected = 0.0336 * hours + 0.005 * hours + (60 + 30) * 0.08 + 1 + 0.4 + 2 * 0.1 + 0.5
  assert.ok(Math.abs(total(monthlyCost('S')) - expected) < 1e-9)
})

test('every size has its prices, and docs/cloud.md has the sums', () => {
  const page = fs.readFileSync(new URL('../../../docs/cloud.md', import.meta.url), 'utf8')
  const sums = (['S', 'M', 'L'] as const).map(
    size => `**${Math.round(total(monthlyCost(size))).toLocaleString('en-US')} $**`,
  )
  assert.ok(page.includes(`| **sum, without the archive** | ${sums.join(' | ')} |`), sums.join(' '))
})
