import type { Log } from '../../log/log.ts'
import type { PartitionBuffer } from './partition-buffer.ts'

/** The buffers of the symbols of one kind. */
export class SymbolBuffers {
  readonly #buffers: readonly PartitionBuffer[]
  readonly #first: number
  readonly #count: number
  readonly #known = new Map<string, Map<string, PartitionBuffer>>()

  constructor(log: Log, kind: string, buffers: readonly PartitionBuffer[]) {
    this.#buffers = buffers
    const { first, count } = log.partitionsOf(kind)
    this.#first = first
    this.#count = count
  }

  of(venue: string, symbol: string): PartitionBuffer {
    const symbols = this.#known.get(venue) ?? new Map<string, PartitionBuffer>()
    const known = symbols.get(symbol)
    if (known) return known
    const buffer = this.#buffers[this.#first + partitionOf(venue, symbol, this.#count)]!
    this.#known.set(venue, symbols.set(symbol, buffer))
    return buffer
  }
}

/**
 * The log partition of a symbol, the same in every run and on every machine: FNV-1a over venue and symbol, then
 * MurmurHash3's last mixing, since the low bits of FNV-1a alone spread like symbols badly over a power of two.
 */
export function partitionOf(venue: string, symbol: string, partitions: number): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${venue} ${symbol}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions
}
