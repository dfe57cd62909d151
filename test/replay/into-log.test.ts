import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openKafkaLog } from '../../src/log/kafka/log.ts'
import { LogOutlet } from '../../src/replay/into-log.ts'
import { partitionOf } from '../../src/sources/recording/symbol-buffers.ts'
import { readQuotes } from '../../src/tick/quotes/record.ts'
import { readTrades } from '../../src/tick/records.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { quoteColumnsOf } from '../support/data/quotes.ts'
import { columnsOf } from '../support/data/trades.ts'
import { WAIT_MS_MAX } from '../support/judges/within.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'

const kafka = await startKafka({ after })

test('on Kafka, trades and quotes of a symbol go to the partition of their own topic where a recorder appends them', {
  skip: kafka.missing ?? false,
}, async t => {
  const log = await openKafkaLog(kafka.address({ partitions: 3 }), 'write')
  t.after(() => log.close())
  const outlet = new LogOutlet(log, false)
  const symbols = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF']
  for (const symbol of symbols) {
    const trade = { symbol, tradeId: 7, price: 1.5, volume: 2, side: 'buy' }
    const quote = { symbol, bid: [1.4, 3], ask: [1.6, 4], sequence: 9 } as const
    await outlet.send([
      { ticks: quoteColumnsOf('binance', [quote]), start: 0, end: 1 },
      { ticks: columnsOf('binance', [trade]), start: 0, end: 1 },
    ])
  }
  await outlet.finish()
  const found: string[] = []
  for (let partition = 0; partition < log.partitions; partition++) {
    const { next } = await log.refresh(partition)
    if (next === 0) continue
    for await (const records of log.read(partition, 0, AbortSignal.timeout(WAIT_MS_MAX))) {
      for (const { kind, payload } of records) {
        const ticks = kind === 'quotes' ? readQuotes(payload) : readTrades(payload)
        for (let row = 0; row < ticks.length; row++) {
          assert.equal(ticks.origin[row], ORIGIN.replay)
          found.push(`${kind} ${ticks.symbols.words[ticks.symbol[row]!]} ${partition}`)
        }
      }
      if (records.at(-1)!.offset >= next - 1) break
    }
  }
  const expected = ['trades', 'quotes'].flatMap(kind => {
    const { first, count } = log.partitionsOf(kind)
    return symbols.map(symbol => `${kind} ${symbol} ${first + partitionOf('binance', symbol, count)}`)
  })
  assert.deepEqual(found.sort(), expected.sort())
})
