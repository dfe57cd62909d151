/** The text of a message, the same by mail, in a chat and for a command. */

import type { Message, MessageKind } from '../alerts/alerts.ts'
import { formatDuration } from '../format-duration.ts'

export interface MessageText {
  /** One line. */
  subject: string
  /** Some lines of plain text. */
  body: string
}

const MARKS: Record<MessageKind, string> = { opened: '', repeated: 'still: ', more: 'more: ', closed: 'over: ' }

/** `instance` is the URL of the watched tickhouse. */
export function textOf({ kind, alert, lastedMs }: Message, instance: string): MessageText {
  const { severity, title, what, sinceMs, affected, next, page } = alert
  const severe = kind === 'closed' ? 'RESOLVED' : severity.toUpperCase()
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
  const lines = [
    what,
    '',
    kind === 'closed'
      ? `It began ${since} and is over after ${formatDuration(lastedMs)}.`
      : `Since ${since} (${formatDuration(lastedMs)}).`,
    affected.length === 0 ? '' : `Affected: ${affected.join(', ')}`,
    kind === 'closed' ? '' : `What to do: ${next}`,
    `More: ${page}`,
    `Instance: ${instance}`,
  ]
  return {
    subject: `[tickhouse] ${severe} ${MARKS[kind]}${title}`,
    body: lines.filter((line, index) => line !== '' || index === 1).join('\n'),
  }
}

/** The message as JSON, for programs. */
export function toJson(message: Message, instance: string): Record<string, unknown> {
  const { kind, alert, incident, atMs, lastedMs } = message
  const { name, severity, title, what, sinceMs, affected, next, page } = alert
  return {
    id: `${incident}-${kind}-${atMs}`,
    occurrence: incident,
    kind,
    name,
    severity,
    title,
    what,
    since: new Date(sinceMs).toISOString(),
    at: new Date(atMs).toISOString(),
    lasted_seconds: Math.round(lastedMs / 1000),
    affected,
    next,
    page,
    house: instance,
  }
}
