/** The event stream of an open page. */
import type { ServerResponse } from 'node:http'
import type { VisibleSymbols } from './market/symbol-pushes.ts'
import type { View } from './market/view.ts'
import type { Messages } from './protocol.ts'

/** A page with more unread bytes misses pushes until it has read them; its next view is sent whole. */
const UNREAD_BYTES_MAX = 1_000_000

export interface PageStream {
  /** Names the stream to the page. */
  readonly id: string
  readonly response: ServerResponse
  readonly visible: VisibleSymbols
  view: View | undefined
  loading: boolean
  /** The last log entry sent. */
  logId: number
  /** The version of the watch reports that were sent last. */
  watchVersion: number
}

export const hasRoom = ({ response }: PageStream): boolean => response.writableLength <= UNREAD_BYTES_MAX

export function send<Name extends keyof Messages>(page: PageStream, name: Name, message: Messages[Name]): void {
  sendText(page, eventText(name, message))
}

/** An event as it is sent, once for any number of pages. */
export const eventText = <Name extends keyof Messages>(name: Name, message: Messages[Name]): string =>
  `event: ${name}\ndata: ${JSON.stringify(message)}\n\n`

export function sendText({ response }: PageStream, text: string): void {
  if (!response.writableEnded) response.write(text)
}
