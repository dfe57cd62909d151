import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as tick } from 'node:timers/promises'
import { Nightly } from '../../../src/commands/lab/nightly.ts'

const at = (text: string) => Date.parse(`${text}Z`)

test('a live run is verified once a day after midnight UTC, at once if that was missed, again if it could not be', async () => {
  const codes: (number | null)[] = []
  let verified = 0
  let end: (() => void) | undefined
  const nightly = (last: string) =>
    new Nightly({
      lastMs: at(last),
      verify: async () => {
        verified++
        if (codes.length === 0)
          await new Promise<void>(resolve => {
            end = resolve
          })
        return codes.length > 0 ? codes.shift()! : 0
      },
    })
  const check = async (of: Nightly, text: string) => {
    const before = verified
    of.check(at(text))
    await tick()
    return verified - before
  }

  const running = nightly('2026-11-26T14:00:00')
  assert.equal(await check(running, '2026-11-26T23:59:59'), 0)
  assert.equal(await check(running, '2026-11-27T00:04:59'), 0, 'the last ticks may not be stored')
  codes.push(0)
  assert.equal(await check(running, '2026-11-27T00:05:00'), 1)
  assert.equal(await check(running, '2026-11-27T23:00:00'), 0)
  // A difference that was found is a result.
  codes.push(1)
  assert.equal(await check(running, '2026-11-28T00:05:00'), 1)
  assert.equal(await check(running, '2026-11-28T12:00:00'), 0)
  codes.push(2, null)
  assert.equal(await check(running, '2026-11-29T00:05:00'), 1)
  assert.equal(await check(running, '2026-11-29T00:19:59'), 0)
  assert.equal(await check(running, '2026-11-29T00:20:00'), 1)
  assert.equal(await check(running, '2026-11-29T00:34:59'), 0)
  // One at a time.
  assert.equal(await check(running, '2026-11-29T00:35:00'), 1)
  assert.equal(await check(running, '2026-12-02T00:35:00'), 0)
  end!()
  await tick()
  assert.equal(await check(running, '2026-12-02T00:36:00'), 1)
  end!()

  codes.push(0)
  assert.equal(await check(nightly('2026-11-20T14:00:00'), '2026-11-27T15:00:00'), 1, 'paused at midnight')
})
