import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PAGES_MAX, PageLimits } from '../../../src/serve/page/page-limits.ts'

const from = (client: string) => ({ 'x-forwarded-for': client })

test('no address takes all places, not by inventing whom it forwards for either', () => {
  const limits = new PageLimits()
  for (let at = 0; at < 200; at++) limits.enter('192.0.2.1', from(`10.0.0.${at}`))
  const other = Array.from({ length: 16 }, () => limits.enter('192.0.2.2', {}))
  assert.ok(other.every(admission => 'leave' in admission))
})

test('a proxy is many clients: the last entry of X-Forwarded-For divides them', () => {
  const limits = new PageLimits()
  for (let at = 0; at < 100; at++) limits.enter('192.0.2.1', from(`invented${at}, 10.0.0.1`))
  const same = limits.enter('192.0.2.1', from('10.0.0.1'))
  assert.equal('status' in same && same.status, 429)
  assert.ok('leave' in limits.enter('192.0.2.1', from('10.0.0.2')))
})

test('however pages come and go, places are as many as are not taken', () => {
  const client = fc.record({ address: fc.constantFrom('a', 'b', 'c'), forwarded: fc.constantFrom('x', 'y', '') })
  fc.assert(
    fc.property(fc.array(fc.oneof(client, fc.constant('leave' as const)), { maxLength: 300 }), steps => {
      const limits = new PageLimits()
      const open: (() => void)[] = []
      for (const step of steps) {
        if (step === 'leave') open.shift()?.()
        else {
          const admission = limits.enter(step.address, from(step.forwarded))
          if ('leave' in admission) open.push(admission.leave)
        }
        assert.ok(open.length <= PAGES_MAX)
      }
      for (const leave of open) leave()
      const all = ['a', 'b'].flatMap(address =>
        ['x', 'y'].flatMap(each => Array.from({ length: 16 }, () => limits.enter(address, from(each)))),
      )
      assert.ok(all.every(admission => 'leave' in admission))
    }),
  )
})
