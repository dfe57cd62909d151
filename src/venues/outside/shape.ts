/** What is wrong with a value that should be a `Venue`, field by field, for its author. */
import { nearest } from '../../nearest.ts'
import { ID_KINDS } from '../../tick/id-kind.ts'
import { EXTERNAL_VENUE } from '../../tick/json.ts'
import { QUOTES, TRADES } from '../../tick/kinds.ts'
import { NO_LIST } from '../instruments.ts'
import type { Venue } from '../venue.ts'

/** What a field must be; the check of a value. `optional`: it may be missing. */
interface Field {
  is: string
  ok(value: unknown): boolean
  optional?: true
}

const SECRETS: readonly unknown[] = ['key', 'secret', 'token']
/** Kinds of a feed. */
const KIND_NAMES = [QUOTES, TRADES].map(({ name }) => name)

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isTexts = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText)
const isFunction = (value: unknown) => typeof value === 'function'
const isName = (value: unknown) => isText(value) && /^[a-z][a-z0-9]*$/.test(value)
const isPositive = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value > 0
const isMissingOr = (check: (value: unknown) => boolean) => (value: unknown) => value === undefined || check(value)
const isAddress = (form: RegExp) => (value: unknown) => isText(value) && form.test(value) && URL.canParse(value)

/** Every field of a venue. */
const FIELDS: Record<keyof Venue, Field> = {
  depth: {
    is: '{ url, snapshotPath, readEvent, readSnapshot }',
    ok: value =>
      isRecord(value) &&
      ['url', 'snapshotPath', 'readEvent', 'readSnapshot'].every(name => typeof value[name] === 'function'),
    optional: true,
  },
  repair: {
    is: '{ limits, pageIds, addresses, plan, read }',
    ok: value =>
      isRecord(value) &&
      isRecord(value.limits) &&
      isPositive(value.limits.apartMs) &&
      Number.isInteger(value.pageIds) &&
      ['addresses', 'plan', 'read'].every(name => typeof value[name] === 'function'),
    optional: true,
  },
  candles: {
    is: '{ limits, pageMinutes, reachesBack, request, read }',
    ok: value =>
      isRecord(value) &&
      isRecord(value.limits) &&
      isPositive(value.limits.apartMs) &&
      isPositive(value.pageMinutes) &&
      ['request', 'read'].every(name => typeof value[name] === 'function'),
    optional: true,
  },
  dayFile: {
    is: '{ microsFrom, url? }',
    ok: value =>
      isRecord(value) &&
      typeof value.microsFrom === 'string' &&
      (value.url === undefined || typeof value.url === 'function'),
    optional: true,
  },
  witness: { is: 'true', ok: value => value === true, optional: true },
  name: {
    is: `letters a to z and digits, a letter first, and not ${EXTERNAL_VENUE}`,
    ok: value => isName(value) && value !== EXTERNAL_VENUE,
  },
  ws: { is: 'an address ws:// or wss:// without a slash at its end', ok: isAddress(/^wss?:\/\/.*[^/]$/) },
  rest: { is: 'an address http:// or https:// without a slash at its end', ok: isAddress(/^https?:\/\/.*[^/]$/) },
  feeds: {
    is: 'paths below ws, by the name of a feed',
    ok: value => isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(isText),
    optional: true,
  },
  ids: { is: `one of ${ID_KINDS.join(', ')}`, ok: value => (ID_KINDS as readonly unknown[]).includes(value) },
  limits: {
    is: '{ symbolsPerConnection, framesPerSecond, … }, numbers above 0',
    ok: value =>
      isRecord(value) &&
      isPositive(value.symbolsPerConnection) &&
      Number.isInteger(value.symbolsPerConnection) &&
      isPositive(value.framesPerSecond) &&
      isMissingOr(isPositive)(value.connectsPerFiveMinutes) &&
      isMissingOr(isPositive)(value.connectionAgeMsMax),
  },
  silenceMsMax: {
    is: 'ms without any frame after which a connection is dead, from 1000 to 600000',
    ok: value => typeof value === 'number' && value >= 1000 && value <= 600_000,
  },
  kinds: {
    is: `lists of ${KIND_NAMES.join(' and ')} by connection, such as [['trades']]`,
    ok: value =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every(group => isTexts(group) && group.every((kind: string) => KIND_NAMES.includes(kind))),
  },
  defaultSymbols: { is: 'a list of symbols, one at least', ok: isTexts },
  acknowledges: { is: 'true or false', ok: value => typeof value === 'boolean' },
  instruments: {
    is: '{ requests, read }, or NO_LIST of the kit',
    ok: value =>
      isRecord(value) &&
      isFunction(value.read) &&
      Array.isArray(value.requests) &&
      (value.requests.length > 0 || (value as unknown) === NO_LIST) &&
      value.requests.every(request => isRecord(request) && isText(request.path) && isMissingOr(isText)(request.body)),
  },
  contracts: {
    is: "{ volumes: 'contracts' or 'amounts', isInverse }",
    ok: value =>
      isRecord(value) && ['contracts', 'amounts'].includes(value.volumes as string) && isFunction(value.isInverse),
    optional: true,
  },
  spelling: { is: "'capitals'", ok: value => value === 'capitals', optional: true },
  prefixes: { is: 'true', ok: value => value === true, optional: true },
  account: {
    is: "{ name, secrets: a list of 'key', 'secret', 'token', advice }",
    ok: value =>
      isRecord(value) &&
      isName(value.name) &&
      isText(value.advice) &&
      Array.isArray(value.secrets) &&
      value.secrets.length > 0 &&
      value.secrets.every(name => SECRETS.includes(name)) &&
      isMissingOr(isFunction)(value.authorizedUrl) &&
      isMissingOr(isFunction)(value.login),
    optional: true,
  },
  url: { is: 'a function', ok: isFunction },
  subscribe: { is: 'a function', ok: isFunction },
  resubscribe: { is: 'a function', ok: isFunction },
  unsubscribe: { is: 'a function', ok: isFunction },
  keepAlive: {
    is: '{ everyMs, frame }',
    ok: value => isRecord(value) && isPositive(value.everyMs) && isText(value.frame),
    optional: true,
  },
  frameOf: { is: 'a function', ok: isFunction, optional: true },
  decoder: { is: 'a function that returns the decoder of a socket', ok: isFunction },
}

/** The names of all fields. */
export const VENUE_FIELDS = Object.keys(FIELDS) as (keyof Venue)[]

/** What is wrong with a value that should be a venue, a part of a sentence each; empty if it can be used. */
export function venueMistakes(value: unknown): string[] {
  if (!isRecord(value))
    return [`its default export is ${Array.isArray(value) ? 'a list' : typeof value}, not an object`]
  const mistakes = Object.entries(FIELDS).flatMap(([name, { is, ok, optional }]) => {
    const given = value[name]
    if (given === undefined) return optional ? [] : [`${name} is missing: ${is}`]
    return ok(given) ? [] : [`${name} must be ${is}`]
  })
  const unknown = Object.keys(value).filter(name => !Object.hasOwn(FIELDS, name))
  mistakes.push(
    ...unknown.map(name => `${name} is no field of a venue: the nearest is ${nearest(name, Object.keys(FIELDS))}`),
  )
  return mistakes.length > 0 ? mistakes : callMistakes(value as unknown as Venue)
}

/** Calls its functions as a recorder would: what they throw there would end it. */
function callMistakes(venue: Venue): string[] {
  const { defaultSymbols: symbols, ws } = venue
  const [kinds = []] = venue.kinds
  const attempts: [string, string, () => boolean][] = [
    ['url', 'an address', () => URL.canParse(venue.url(ws, symbols, kinds))],
    ['subscribe', 'a list of frames', () => isFrames(venue.subscribe(symbols, kinds))],
    ['resubscribe', 'a list of frames', () => isFrames(venue.resubscribe(symbols, kinds))],
    ['unsubscribe', 'a list of frames', () => isFrames(venue.unsubscribe(symbols, kinds))],
    ['decoder', 'a function', () => isFunction(venue.decoder())],
  ]
  return attempts.flatMap(([name, what, attempt]) => {
    try {
      return attempt() ? [] : [`${name} must return ${what}`]
    } catch (error) {
      return [`${name} threw ${error}`]
    }
  })
}

const isFrames = (value: unknown) => Array.isArray(value) && value.every(isText)
