/**
 * The trades that aggregates join: columns beside those of the trades, only in a batch with an aggregate, so that they
 * cost other venues nothing.
 */

/** First and last id of the trades that each row joins; 0 in a row that is a trade by itself. */
export class JoinedIds {
  readonly first: BigUint64Array
  readonly last: BigUint64Array

  constructor(capacity: number) {
    this.first = new BigUint64Array(capacity)
    this.last = new BigUint64Array(capacity)
  }

  /** With room for `capacity` rows, at least as many as there are. */
  larger(capacity: number): JoinedIds {
    const larger = new JoinedIds(capacity)
    larger.copy(this, 0, this.first.length, 0)
    return larger
  }

  /** Copies rows `start` to `end`-1 of others to row `at`. */
  copy(from: JoinedIds, start: number, end: number, at: number): void {
    this.first.set(from.first.subarray(start, end), at)
    this.last.set(from.last.subarray(start, end), at)
  }

  /** Whether one of the first `length` rows joins trades. */
  joinsAny(length: number): boolean {
    for (let row = 0; row < length; row++) if (this.last[row] !== 0n) return true
    return false
  }
}
