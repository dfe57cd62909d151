/** A venue's depth feed with update numbers, from which a book can be rebuilt to check its quotes. */

/** Price and size as text; a size of zero removes the level. */
export type Level = readonly [price: string, size: string]

/** Updates `first` to `last` of a book. */
export interface DepthEvent {
  symbol: string
  first: number
  last: number
  bids: readonly Level[]
  asks: readonly Level[]
}

/** A book up to update `last`. It has an end: levels beyond its lowest bid and highest ask are not in it. */
export interface DepthSnapshot {
  last: number
  bids: readonly Level[]
  asks: readonly Level[]
}

export interface DepthFeed {
  /** The address of a symbol's depth updates. `base` is the venue's or the configured one, without a trailing slash. */
  url(base: string, symbol: string): string
  /** The path of a snapshot, below the venue's REST address. */
  snapshotPath(symbol: string): string
  /** The event of a frame; undefined for any other frame. */
  readEvent(frame: Buffer): DepthEvent | undefined
  /** The snapshot of an answer; undefined if it does not match the venue's document. */
  readSnapshot(answer: unknown): DepthSnapshot | undefined
}
