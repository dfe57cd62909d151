/** Binance's combined streams: the URL names the first ones, requests add and remove them. */
import { type Venue, WITNESS } from '../venue.ts'

/** Methods of a request, which are also its id. */
export const UNSUBSCRIBE = 'UNSUBSCRIBE'
const SUBSCRIBE = 'SUBSCRIBE'

/** Kinds whose streams the URL names: it must stay short, so those of the witness are requested once connected. */
const ofUrl = (kinds: readonly string[]): string[] => kinds.filter(kind => kind !== WITNESS)

/** Streams of one request, far below the limit of a message. */
const REQUEST_STREAMS_MAX = 50

/** The name of the stream of each kind of ticks, behind the symbol's `@`. */
export type StreamNames = Readonly<Record<string, string>>

/** The streams as the URL names them. */
export function streamList(names: StreamNames, symbols: readonly string[], kinds: readonly string[]): string {
  return streamsOf(names, symbols, ofUrl(kinds))
    .map(stream => encodeURIComponent(stream).replaceAll('%40', '@'))
    .join('/')
}

/** The URL contains the subscription, so that nothing but a witness is requested once connected. */
export function streamSubscription(names: StreamNames): Pick<Venue, 'subscribe' | 'resubscribe' | 'unsubscribe'> {
  const requests = (
    methods: readonly string[],
    symbols: readonly string[],
    kinds: readonly string[],
    id?: string,
  ): string[] => {
    const streams = streamsOf(names, symbols, kinds)
    const frames: string[] = []
    for (let at = 0; at < streams.length; at += REQUEST_STREAMS_MAX) {
      const params = streams.slice(at, at + REQUEST_STREAMS_MAX)
      for (const method of methods) frames.push(JSON.stringify({ method, params, id: id ?? method }))
    }
    return frames
  }
  const witness = (methods: readonly string[], symbols: readonly string[], kinds: readonly string[]) =>
    kinds.includes(WITNESS) ? requests(methods, symbols, [WITNESS], WITNESS) : []
  return {
    subscribe: (symbols, kinds) => witness([SUBSCRIBE], symbols, kinds),
    // Unsubscribes first: the server otherwise ignores a stream that it believes to be subscribed.
    resubscribe: (symbols, kinds) => [
      ...requests([UNSUBSCRIBE, SUBSCRIBE], symbols, ofUrl(kinds)),
      ...witness([UNSUBSCRIBE, SUBSCRIBE], symbols, kinds),
    ],
    unsubscribe: (symbols, kinds) => requests([UNSUBSCRIBE], symbols, kinds),
  }
}

const streamsOf = (names: StreamNames, symbols: readonly string[], kinds: readonly string[]): string[] =>
  kinds.flatMap(kind => symbols.map(symbol => `${symbol.toLowerCase()}@${names[kind]}`))
