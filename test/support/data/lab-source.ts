/** A tape in memory that is played again and again, and can be read ahead by strategies that cheat. */
import { type Change, type Rows, type TickSource, timeOf } from '../../../src/lab/leaks/source.ts'
import { QuoteColumns } from '../../../src/tick/quotes/quotes.ts'
import { BTC, columnsOf, ETH, LAB_START_MICROS, type Tick } from './lab-market.ts'

export class MemorySource implements TickSource {
  readonly instruments = [BTC, ETH]
  readonly quoted: ReadonlySet<string>
  readonly firstMicros: number
  readonly endMicros: number
  readonly tapeChanges = []
  /** All that is played now, also what is still to come: prices of BTC, and their times. */
  tape: { timeMicros: number; price: number }[] = []
  readonly #ticks: readonly Tick[]

  constructor(ticks: readonly Tick[]) {
    this.#ticks = ticks
    this.quoted = new Set(ticks.some(tick => 'bid' in tick) ? ['test:BTC', 'test:ETH'] : [])
    this.firstMicros = LAB_START_MICROS + ticks[0]!.atMs * 1000
    this.endMicros = LAB_START_MICROS + ticks.at(-1)!.atMs * 1000 + 1
  }

  async *open(change: Change, untilMicros: number): AsyncIterable<Rows> {
    const end = (untilMicros - LAB_START_MICROS) / 1000
    const all = [
      ...columnsOf(
        this.#ticks.filter(({ atMs }) => atMs < end),
        100,
      ),
    ]
    this.tape = []
    for (const ticks of all) {
      change({ ticks, start: 0, end: ticks.length })
      for (let row = 0; row < ticks.length; row++) {
        if (ticks.symbols.words[ticks.symbol[row]!] !== 'BTC') continue
        const price = ticks instanceof QuoteColumns ? ticks.bidPrice[row]! : ticks.price[row]!
        this.tape.push({ timeMicros: timeOf(ticks, row, false), price })
      }
    }
    for (const ticks of all) yield { ticks, start: 0, end: ticks.length }
  }
}
