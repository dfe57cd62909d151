/** Mark prices and liquidations from a venue's socket into the tables, by the processes that a user runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SymbolStateRow } from '../../src/status/model.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const NOW_MS = Date.now()
const trade = `{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":${NOW_MS},"a":7,"s":"BTCUSDT","p":"83434.40","q":"0.016","nq":"0.016","f":1,"l":2,"T":${NOW_MS},"m":true,"st":1}}`
const mark = (price: string, symbol = 'BTCUSDT') =>
  `{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":${NOW_MS},"s":"${symbol}","p":"${price}","ap":"1","P":"2","i":"3","r":"-0.00006042","T":${NOW_MS + 1000},"st":1}}`
const liquidation = (side: string) =>
  `{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":${NOW_MS},"o":{"s":"BTCUSDT","S":"${side}","o":"LIMIT","f":"IOC","q":"0.190","p":"82338.30","ap":"82651.90","X":"FILLED","l":"0.155","z":"0.190","T":${NOW_MS},"ps":"BTCUSDT","st":1}}}`
const BYBIT = [
  `{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","markPrice":"65117.44","indexPrice":"65137.76","nextFundingTime":"${NOW_MS}","fundingRate":"0.0001"},"ts":${NOW_MS}}`,
  `{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"65117.43"},"ts":${NOW_MS}}`,
]

test('mark prices and liquidations of two venues are stored beside trades; a symbol without liquidations is live', {
  timeout: 600_000,
}, async t => {
  const [binance, bybit] = [await LocalVenue.open(t), await LocalVenue.open(t)]
  binance.onVisit = ({ socket, request }) => {
    const streams = new URL(request.url!, 'ws://x').searchParams.get('streams')
    const frames =
      streams === 'btcusdt@aggTrade'
        ? [trade]
        : [mark('84551.1'), mark('84551.2'), mark('0'), mark('1', 'ETHUSDT'), liquidation('SELL'), liquidation('BUY')]
    for (const frame of frames) socket.send(frame)
  }
  bybit.onVisit = ({ socket }) =>
    socket.on('message', data => {
      const { op, req_id, args } = JSON.parse(String(data))
      if (op !== 'subscribe') return
      socket.send(JSON.stringify({ success: true, ret_msg: '', req_id, op }))
      if (args[0] === 'tickers.BTCUSDT') for (const frame of BYBIT) socket.send(frame)
    })
  const instance = new TestInstance(t, {
    SOURCES: 'binanceusdm:BTCUSDT@trades,marks,liquidations bybitlinear:BTCUSDT@marks,liquidations',
    BINANCEUSDM_WS: binance.url,
    BYBITLINEAR_WS: bybit.url,
  })
  const running = instance.run('start')
  const url = await running.url()
  const query = (sql: string) =>
    fetch(`${url}/api/query`, { method: 'POST', body: `${sql} FORMAT TSV` }).then(each => each.text())
  const counts = `SELECT (SELECT count() FROM trades), (SELECT count() FROM all_marks), (SELECT count() FROM all_liquidations),
    (SELECT arrayStringConcat(arraySort(groupArray(toString(reason)))) FROM quarantine)`
  await within(WAIT_MS_MAX, async () => {
    const found = (await query(counts)).trim()
    return found === '1\t4\t2\tprice_out_of_rangesymbol_unasked' ? undefined : found
  })
  assert.equal(
    await query(`SELECT venue, symbol, mark_price, index_price, settle_price, funding_rate,
      toUnixTimestamp64Milli(timestamp) - ${NOW_MS}, toUnixTimestamp64Milli(next_funding_at) - ${NOW_MS}, received_at > timestamp
      FROM marks ORDER BY venue, log_offset, log_index`),
    [
      'binanceusdm\tBTCUSDT\t84551.1\t3\t2\t-0.00006042\t0\t1000\t1\n',
      'binanceusdm\tBTCUSDT\t84551.2\t3\t2\t-0.00006042\t0\t1000\t1\n',
      'bybitlinear\tBTCUSDT\t65117.44\t65137.76\t0\t0.0001\t0\t0\t1\n',
      'bybitlinear\tBTCUSDT\t65117.43\t65137.76\t0\t0.0001\t0\t0\t1\n',
    ].join(''),
  )
  assert.equal(
    await query(
      'SELECT venue, symbol, side, order_type, time_in_force, status, price, size, average_price, filled_size FROM liquidations ORDER BY log_offset, log_index',
    ),
    ['sell', 'buy']
      .map(side => `binanceusdm\tBTCUSDT\t${side}\tLIMIT\tIOC\tFILLED\t82338.3\t0.19\t82651.9\t0.19\n`)
      .join(''),
  )
  await within(WAIT_MS_MAX, async () => {
    const rows = (await (await fetch(`${url}/api/symbols`)).json()) as SymbolStateRow[]
    const states = rows.map(row => `${row.venue} ${row.kind} ${row.state} ${row.firstTickMs !== null}`).sort()
    const expected = [
      ...['liquidations', 'marks', 'trades'].map(kind => `binanceusdm ${kind} live true`),
      ...['bybitlinear liquidations live false', 'bybitlinear marks live true'],
    ]
    return states.join() === expected.join() ? undefined : states.join()
  })
})
