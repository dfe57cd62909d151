/** Binance's combined streams: the URL names the first ones, requests add and remove them. */
import type { Venue } from '../venue.ts'

/** Methods of a request, which are also its id. */
export const UNSUBSCRIBE = 'UNSUBSCRIBE'
const SUBSCRIBE = 'SUBSCRIBE'

/** Streams of one request, far below the limit of a message. */
const REQUEST_STREAMS_MAX = 50

/** The name of the stream of each kind of ticks, behind the symbol's `@`. */
export type StreamNames = Readonly<Record<string, string>>

/** The streams as the URL names them. */
export function streamList(names: StreamNames, symbols: readonly string[], kinds: readonly string[]): string {
  return streamsOf(names, symbols, kinds)
    .map(stream => encodeURIComponent(stream).replaceAll('%40', '@'))
    .join('/')
}

/** Nothing is sent once connected: the URL contains the subscription. */
export function streamSubscription(names: StreamNames): Pick<Venue, 'subscribe' | 'resubscribe' | 'unsubscribe'> {
  const requests = (methods: readonly string[], symbols: readonly string[], kinds: readonly string[]): string[] => {
    const streams = streamsOf(names, symbols, kinds)
    const frames: string[] = []
    for (let at = 0; at < streams.length; at += REQUEST_STREAMS_MAX) {
      const params = streams.slice(at, at + REQUEST_STREAMS_MAX)
      for (const method of methods) frames.push(JSON.stringify({ method, params, id: method }))
    }
    return frames
  }
  return {
    subscribe: () => [],
    // Unsubscribes first: the server otherwise ignores a stream that it believes to be subscribed.
    resubscribe: (symbols, kinds) => requests([UNSUBSCRIBE, SUBSCRIBE], symbols, kinds),
    unsubscribe: (symbols, kinds) => requests([UNSUBSCRIBE], symbols, kinds),
  }
}

const streamsOf = (names: StreamNames, symbols: readonly string[], kinds: readonly string[]): string[] =>
  kinds.flatMap(kind => symbols.map(symbol => `${symbol.toLowerCase()}@${names[kind]}`))
