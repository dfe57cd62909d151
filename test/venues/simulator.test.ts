import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocket } from 'ws'
import { startExchange } from '../../src/simulator/exchange.ts'
import { simulator } from '../../src/venues/simulator.ts'
import type { Control } from '../../src/venues/venue.ts'

test('the venue reads every frame of the simulated exchange, and its notice of a shutdown', async () => {
  const symbols = simulator.defaultSymbols
  const exchange = await startExchange({ symbols, ratePerSecond: 5_000, seed: 7 })
  const ws = new WebSocket(simulator.url(exchange.wsUrl, symbols, ['trades', 'quotes']))
  const nextIds = new Map<string, number>()
  const controls: Control[] = []
  const refused: string[] = []
  const sequences = new Map<string, number>()
  let trades = 0
  ws.on('message', data => {
    simulator.decoder()(data as Buffer, {
      trade({ symbol, timestampMicros, price, volume, side, tradeId }) {
        if (++trades === 3_000) exchange.control('serverShutdown', {})
        assert.ok(Math.abs(timestampMicros / 1000 - Date.now()) < 60_000)
        assert.ok(price > 0 && volume > 0 && side !== 0)
        assert.equal(tradeId, nextIds.get(symbol) ?? tradeId)
        nextIds.set(symbol, Number(tradeId) + 1)
      },
      quote({ symbol, bidPrice, bidSize, askPrice, askSize, sequence, timestampMicros }) {
        assert.ok(bidPrice > 0 && bidPrice < askPrice && bidSize > 0 && askSize > 0)
        assert.equal(timestampMicros, 0)
        assert.ok(Number(sequence) > (sequences.get(symbol) ?? 0))
        sequences.set(symbol, Number(sequence))
      },
      amendment: () => refused.push('amendment'),
      refuse: (reason, detail) => refused.push(`${reason}: ${detail}`),
      control: control => controls.push(control),
      ignore: () => refused.push('ignored'),
      imprecise: () => refused.push('imprecise'),
    })
    if (controls.length > 0) ws.close()
  })
  await once(ws, 'close')
  await exchange.close()
  assert.deepEqual(refused, [])
  assert.deepEqual(
    controls.map(({ kind }) => kind),
    ['closing'],
  )
  assert.deepEqual([...nextIds.keys()].sort(), symbols.toSorted())
  assert.deepEqual([...sequences.keys()].sort(), symbols.toSorted())
})
