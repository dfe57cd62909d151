/** The settings of each built-in venue: addresses, feed, secrets. */
import { z } from 'zod'
import { VENUES } from '../venues/index.ts'
import { type Setting, secret, setting } from './setting.ts'

const webSocket = z.url({ protocol: /^wss?$/ }).transform(url => url.replace(/\/+$/, ''))
const http = z.url({ protocol: /^https?$/ }).transform(url => url.replace(/\/+$/, ''))
const optionalWebSocket = webSocket.optional()
const optionalHttp = http.optional()
const optionalSecret = z.string().trim().min(8).optional()
const optionalFile = z.string().min(1).optional()
type VenueSettings = Readonly<
  Record<`${string}_WS`, Setting<typeof optionalWebSocket>> & Record<`${string}_REST`, Setting<typeof optionalHttp>>
>
type FeedSettings = Readonly<Record<`${string}_FEED`, Setting<z.ZodType<string | undefined>>>>
type AccountSettings = Readonly<
  Record<`${string}_${'KEY' | 'SECRET' | 'TOKEN'}`, Setting<typeof optionalSecret>> &
    Record<`${string}_${'KEY' | 'SECRET' | 'TOKEN'}_FILE`, Setting<typeof optionalFile>>
>

/** The addresses of each built-in venue can be replaced. */
export const venueAddresses: VenueSettings = Object.fromEntries(
  VENUES.flatMap(({ name }) => [
    [`${name.toUpperCase()}_WS`, setting(optionalWebSocket, `WebSocket URL to use instead of ${name}'s own.`)],
    [`${name.toUpperCase()}_REST`, setting(optionalHttp, `REST URL to read ${name}'s instruments from.`)],
  ]),
)

/** The feed, of venues that have several. */
export const feedSettings: FeedSettings = Object.fromEntries(
  VENUES.flatMap(({ name, feeds = {} }) => {
    const [first, ...others] = Object.keys(feeds)
    if (first === undefined) return []
    const schema = z.enum([first, ...others]).default(first)
    return [[`${name.toUpperCase()}_FEED`, setting(schema, `Feed of ${name}: ${[first, ...others].join(', ')}.`)]]
  }),
)

/** The secrets of each venue that requires an account: see `launcher/credentials.ts`. */
export const accountSettings: AccountSettings = Object.fromEntries(
  VENUES.flatMap(({ account }) =>
    (account?.secrets ?? []).flatMap(name => {
      const key = `${account!.name}_${name}`.toUpperCase()
      return [
        [key, secret(optionalSecret, `Your ${name} at ${account!.name}.`, account!.advice)],
        [`${key}_FILE`, setting(optionalFile, `File that contains your ${name} at ${account!.name}.`)],
      ]
    }),
  ),
)
