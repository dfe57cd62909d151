/**
 * The symbols that patterns matched last, on the log's status board: a start does not wait for a venue's list, and does
 * without it if it cannot be read.
 */
import type { StatusBoard } from '../../log/status-board.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Matched } from './checked-symbols.ts'

const KEY_PREFIX = 'matched '

/** `sources` is the selection: with another one the symbols may be others. */
export function readMatched(board: StatusBoard, sources: string): Matched {
  const key = KEY_PREFIX + sources
  const kept = board.announcements(key).find(each => each.key === key)?.body
  const entries = Object.entries((kept ?? {}) as Record<string, readonly string[]>)
  return new Map(entries.filter(([, symbols]) => Array.isArray(symbols)))
}

export function keepMatched(board: StatusBoard, sources: string, matched: Matched, emit: Emit): void {
  board.announce(KEY_PREFIX + sources, Object.fromEntries(matched)).catch((error: Error) => {
    emit('matched_unkept', { why: error.message })
  })
}
