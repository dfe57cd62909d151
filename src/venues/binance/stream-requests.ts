/** Requests of a client of Binance's streams, and the answers: web-socket-streams.md, "live subscribing". */
import type { StreamForm } from './trade-frame.ts'

/** Binance's limit of one connection. */
const STREAMS_MAX = 1_024

interface Request {
  method?: unknown
  params?: unknown
  id?: unknown
}

/**
 * The streams that a connection's URL requests; undefined for any path other than `/stream` and `/ws`, and the same
 * below `/public` and `/market`, as the futures have them.
 */
export function openingRequest(url: URL): { form: StreamForm; streams: readonly string[] } | undefined {
  const path = url.pathname.replace(/^\/(?:public|market)(?=\/)/, '')
  const combined = path === '/stream'
  if (!combined && path !== '/ws' && !path.startsWith('/ws/')) return undefined
  const named = combined ? (url.searchParams.get('streams') ?? '') : path.slice('/ws/'.length)
  const streams = named.split('/').filter(stream => stream !== '')
  const micros = url.searchParams.get('timeUnit')?.toUpperCase() === 'MICROSECOND'
  return { form: { combined, micros }, streams }
}

/** The streams of one connection and the form of its frames, as its requests change them. */
export class StreamRequests {
  /** Requested stream names, such as `btcusdt@trade`; unknown ones are kept without an error, as at Binance. */
  readonly streams: Set<string>
  form: StreamForm
  /** The text of an error, if the next request to subscribe is to be refused. */
  readonly #refusal: () => string | undefined
  readonly #changed: () => void

  /** `changed` is called when the streams or the form change. */
  constructor(
    form: StreamForm,
    streams: readonly string[],
    changed: () => void,
    refusal: () => string | undefined = () => undefined,
  ) {
    this.#refusal = refusal
    this.form = form
    this.streams = new Set(streams)
    this.#changed = changed
  }

  /** Ends a stream without a request. */
  end(stream: string): void {
    if (this.streams.delete(stream)) this.#changed()
  }

  /** Executes a request; returns the answer. */
  answer(message: string): object {
    let request: Request
    try {
      request = JSON.parse(message) as Request
    } catch {
      return { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' }
    }
    return this.#answer(request ?? {})
  }

  #answer({ method, params, id }: Request): object {
    const answerId = typeof id === 'number' || typeof id === 'string' ? id : null
    const streams = Array.isArray(params) ? params.filter(param => typeof param === 'string') : []
    switch (method) {
      case 'SUBSCRIBE': {
        const msg = this.#refusal()
        if (msg !== undefined) return { error: { code: 2, msg }, id: answerId }
        if (new Set([...this.streams, ...streams]).size > STREAMS_MAX) {
          return { code: 2, msg: `Invalid request: more than ${STREAMS_MAX} streams`, id: answerId }
        }
        for (const stream of streams) this.streams.add(stream)
        break
      }
      case 'UNSUBSCRIBE':
        for (const stream of streams) this.streams.delete(stream)
        break
      case 'LIST_SUBSCRIPTIONS':
        return { result: [...this.streams], id: answerId }
      case 'SET_PROPERTY': {
        const [name, value] = Array.isArray(params) ? params : []
        if (name !== 'combined') return { code: 0, msg: 'Unknown property', id: answerId }
        if (typeof value !== 'boolean') return { code: 1, msg: 'Invalid value type: expected Boolean' }
        this.form = { ...this.form, combined: value }
        break
      }
      case 'GET_PROPERTY':
        return { result: this.form.combined, id: answerId }
      default:
        return { code: 2, msg: `Invalid request: unknown variant ${String(method)}`, id: answerId }
    }
    this.#changed()
    return { result: null, id: answerId }
  }
}
