/**
 * The selection as it was changed while recording, and the symbols that its patterns matched last, on the log's status
 * board: under the configured selection, so that an edited configuration applies as written.
 */
import type { StatusBoard } from '../../log/status-board.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Matched } from '../subscription/checked-symbols.ts'

const KEY_PREFIX = 'selection '

export interface KeptSelection {
  /** In the form of `TICKHOUSE_SOURCES`; undefined if it was not changed. */
  changed: string | undefined
  matched: Matched
}

/** `configured` is the selection of the configuration. */
export function readSelection(board: StatusBoard, configured: string): KeptSelection {
  const key = KEY_PREFIX + configured
  const kept = board.announcements(key).find(each => each.key === key)?.body
  const { changed, matched } = (kept ?? {}) as { changed?: unknown; matched?: Record<string, string[]> }
  return {
    changed: typeof changed === 'string' ? changed : undefined,
    matched: new Map(Object.entries(matched ?? {}).filter(([, symbols]) => Array.isArray(symbols))),
  }
}

/** Never rejects: what cannot be kept is an event. */
export async function keepSelection(
  board: StatusBoard,
  configured: string,
  { changed, matched }: KeptSelection,
  emit: Emit,
): Promise<void> {
  await board
    .announce(KEY_PREFIX + configured, { changed, matched: Object.fromEntries(matched) })
    .catch((error: Error) => emit('selection_unkept', { why: error.message }))
}
