import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ErrorReport } from '../../src/sources/error-report.ts'
import { EventLog } from '../support/judges/event-log.ts'

const rejected = (detail: string) => ({ venue: 'kraken', connection: 'kraken-1', kind: 'trades', detail })

test('different errors are reported one by one, repeats as a sum, and other events pass through', async () => {
  const events = new EventLog()
  const report = new ErrorReport('kraken', 20, events.emit)
  const summed = events.next('errors_repeated')
  for (let times = 0; times < 500; times++) {
    report.emit('subscription_rejected', { ...rejected('A'), symbols: 'BTC-USD', waitMs: 5_000 })
    report.emit('rate_limited', { venue: 'kraken', detail: 'slower', waitMs: times })
  }
  report.emit('subscription_rejected', { ...rejected('B'), symbols: 'BTC-USD', waitMs: 5_000 })
  report.emit('connection_opened', { venue: 'kraken', connection: 'kraken-1', symbols: 1 })
  assert.deepEqual(
    events.emitted.map(({ name }) => name),
    ['subscription_rejected', 'rate_limited', 'subscription_rejected', 'connection_opened'],
  )
  const events999 = 'subscription_rejected 499, rate_limited 499'
  assert.deepEqual(await summed, { venue: 'kraken', count: 998, events: events999 })
  report.close()
})

test('of errors that all differ, a bounded number is reported, and the rest as a sum at the close', () => {
  const events = new EventLog()
  const report = new ErrorReport('kraken', 60_000, events.emit)
  for (let times = 0; times < 5000; times++) report.emit('venue_error', rejected(`error ${times}`))
  report.close()
  assert.equal(events.named('venue_error').length, 100)
  assert.equal(events.named('errors_repeated')[0]?.count, 4900)
})

test('an error that comes back after an interval without repeats is reported again', async () => {
  const events = new EventLog()
  const report = new ErrorReport('kraken', 5, events.emit)
  report.emit('venue_error', rejected('A'))
  const again = events.next('venue_error')
  const trying = setInterval(() => report.emit('venue_error', rejected('A')), 50)
  await again
  clearInterval(trying)
  report.close()
})

test('refused frames are reported once per reason, whatever other errors there are, and summed up by reason', () => {
  const events = new EventLog()
  const report = new ErrorReport('kraken', 60_000, events.emit)
  for (let times = 0; times < 200; times++) report.emit('venue_error', rejected(`error ${times}`))
  for (let times = 0; times < 500; times++) {
    report.emit('frame_refused', { venue: 'kraken', reason: 'price_invalid', detail: `price ${times}` })
    report.emit('frame_refused', { venue: 'kraken', reason: 'side_unknown', detail: `side ${times}` })
  }
  report.close()
  assert.deepEqual(
    events.named('frame_refused').map(({ detail }) => detail),
    ['price 0', 'side 0'],
  )
  assert.deepEqual(events.named('frames_refused'), [
    { venue: 'kraken', count: 998, reasons: 'price_invalid 499, side_unknown 499' },
  ])
  assert.equal(events.named('errors_repeated')[0]?.count, 100)
})
