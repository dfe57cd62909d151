/**
 * The account of a strategy: a ledger of double entries in whole units of money. The lines of an entry sum to 0. Cash and positions
 * follow from the ledger; they are kept beside it because every event reads them. Who buys an inverse contract gets its value in coin, and owes
 * its size in the price's currency: his position's cost and value are below 0, as are a seller's of anything else. So its profit is size / entry - size / exit.
 */
import type { Fill } from '../execution/order.ts'
import type { Books } from '../market/books.ts'
import { type Instrument, lesser, notionalOf } from '../market/instrument.ts'

/** `position` at what was paid for it. */
export type AccountName = 'cash' | 'capital' | 'position' | 'fees' | 'funding'

export interface LedgerLine {
  /** Number of the entry, from 1; all its lines sum to 0. */
  entry: number
  timeMicros: number
  account: AccountName
  instrument: Instrument | null
  /** Units of money. */
  amount: bigint
  /** Units of the instrument; 0 where none moves. */
  quantity: bigint
  /** 0 for an entry that no fill caused. */
  fillId: number
}

export interface Position {
  readonly instrument: Instrument
  /** Signed units. */
  quantity: bigint
  /** What was paid for what is held, units of money; negative for a short position, and for a long one of an inverse contract. */
  cost: bigint
  /** Profit of the part that was closed since the position was last flat, after its fees. */
  closing: bigint
  /** Fees, and payments for holding it, that were paid since the position was last flat. */
  costs: bigint
}

/** A position from flat to flat. */
export interface RoundTrip {
  instrument: Instrument
  endedAtMicros: number
  /** After costs. */
  profit: bigint
  /** Fees, and payments for holding the position; what was received for it counts as negative. */
  costs: bigint
}

export class Account {
  cash = 0n
  fees = 0n
  /** Sum of all fills' notional. */
  traded = 0n
  readonly positions: ReadonlyMap<number, Position>
  readonly #addLine: (line: LedgerLine) => void
  readonly #onRoundTrip: (trip: RoundTrip) => void
  #entries = 0

  constructor(
    instruments: readonly Instrument[],
    addLine: (line: LedgerLine) => void,
    onRoundTrip: (trip: RoundTrip) => void,
  ) {
    this.positions = new Map(
      instruments.map(instrument => [instrument.index, { instrument, quantity: 0n, cost: 0n, closing: 0n, costs: 0n }]),
    )
    this.#addLine = addLine
    this.#onRoundTrip = onRoundTrip
  }

  deposit(amount: bigint, timeMicros: number): void {
    this.cash += amount
    this.#enter(timeMicros, 0, null, [
      ['cash', amount, 0n],
      ['capital', -amount, 0n],
    ])
  }

  apply({ id, order, timeMicros, quantity, notional, fee }: Fill): void {
    const { instrument, direction } = order
    const paid = (direction === 1) !== instrument.isInverse ? notional : -notional
    this.cash -= paid + fee
    this.fees += fee
    this.traded += notional
    this.#enter(timeMicros, id, instrument, [
      ['cash', -paid, 0n],
      ['position', paid, direction === 1 ? quantity : -quantity],
      ['cash', -fee, 0n],
      ['fees', fee, 0n],
    ])
    this.#move(this.positions.get(instrument.index)!, direction === 1 ? quantity : -quantity, paid, fee, timeMicros)
  }

  /** A payment for holding a position, such as the funding of a perpetual: positive is received. */
  pay(amount: bigint, instrument: Instrument, timeMicros: number): void {
    this.cash += amount
    const position = this.positions.get(instrument.index)!
    position.closing += amount
    position.costs -= amount
    this.#enter(timeMicros, 0, instrument, [
      ['cash', amount, 0n],
      ['funding', -amount, 0n],
    ])
  }

  /** Value of a position at its mark, units of money; at its cost while there is no mark. */
  static valueOf({ instrument, quantity, cost }: Position, books: Books): bigint {
    const mark = books.mark(instrument.index)
    if (quantity === 0n || Number.isNaN(mark)) return quantity === 0n ? 0n : cost
    // A middle has one decimal more than a price.
    const decimals = instrument.priceDecimals + 1
    const worth = notionalOf(BigInt(Math.round(mark * 10 ** decimals)), quantity, instrument, decimals)
    return instrument.isInverse ? -worth : worth
  }

  /** Cash and positions at their marks. */
  equity(books: Books): bigint {
    let equity = this.cash
    for (const position of this.positions.values()) equity += Account.valueOf(position, books)
    return equity
  }

  /** Sum of the positions' values without their signs. */
  gross(books: Books): bigint {
    let gross = 0n
    for (const position of this.positions.values()) {
      const value = Account.valueOf(position, books)
      gross += value < 0n ? -value : value
    }
    return gross
  }

  #move(position: Position, quantity: bigint, paid: bigint, fee: bigint, timeMicros: number): void {
    const held = position.quantity
    const isClosing = held !== 0n && held > 0n !== quantity > 0n
    position.closing -= fee
    position.costs += fee
    if (!isClosing) {
      position.quantity += quantity
      position.cost += paid
      return
    }
    const size = quantity < 0n ? -quantity : quantity
    const heldSize = held < 0n ? -held : held
    const closed = lesser(size, heldSize)
    // The rest of the cost stays with the rest of the position, so that the parts sum to the whole.
    const released = (position.cost * closed) / heldSize
    const received = -(paid * closed) / size
    position.closing += received - released
    position.cost -= released
    position.quantity += quantity > 0n ? closed : -closed
    if (position.quantity !== 0n) return
    const { instrument, closing: profit, costs } = position
    this.#onRoundTrip({ instrument, endedAtMicros: timeMicros, profit, costs })
    position.closing = 0n
    position.costs = 0n
    // A fill that turns the position around opens one with what is left.
    position.quantity = quantity > 0n ? size - closed : closed - size
    position.cost = position.quantity === 0n ? 0n : paid + received
  }

  #enter(
    timeMicros: number,
    fillId: number,
    instrument: Instrument | null,
    lines: readonly [AccountName, bigint, bigint][],
  ): void {
    const entry = ++this.#entries
    for (const [account, amount, quantity] of lines)
      if (amount !== 0n || quantity !== 0n)
        this.#addLine({ entry, timeMicros, account, instrument, amount, quantity, fillId })
  }
}
