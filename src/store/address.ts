import { TickhouseError } from '../errors.ts'

/** A ClickHouse server and the database of the tables. */
export interface ServerAddress {
  kind: 'server'
  /** Scheme, host and port. */
  url: string
  username: string
  password: string
  /** File that contains the password; `password` is empty then. */
  passwordFile: string | undefined
  database: string
  /** The cluster whose servers all have the tables, replicated; undefined for one server. */
  cluster: string | undefined
  /** Time limit of a request, in ms. */
  timeoutMs: number
  /** The whole address for people to read: without user and password. */
  shown: string
}

export type StoreAddress = { kind: 'embedded'; directory: string } | ServerAddress

/**
 * The directory of an embedded store; undefined for a ClickHouse server. For code that must know before the store is
 * opened: later, `Store.kind` answers. Throws like `parseStoreAddress`.
 */
export function embeddedDirectory(address: string): string | undefined {
  const where = parseStoreAddress(address)
  return where.kind === 'embedded' ? where.directory : undefined
}

const TIMEOUT_MS_DEFAULT = 60_000
const NAME = /^\w+$/
const PARAMETERS = ['cluster', 'timeoutMs', 'passwordFile']
const FORMS =
  'chdb:<directory>, or http[s]://user:password@host:port/database?cluster=<name>&timeoutMs=<ms>&passwordFile=<file>'

/**
 * Parses `chdb:<directory>` or `http(s)://user:password@host:port/database`. Throws `address_invalid`, without secrets.
 */
export function parseStoreAddress(address: string): StoreAddress {
  const [, directory] = /^chdb:(.+)$/.exec(address) ?? []
  if (directory) return { kind: 'embedded', directory }
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('not a store address')
  const { protocol, host, pathname, searchParams } = url
  for (const name of searchParams.keys())
    if (!PARAMETERS.includes(name)) throw invalid(`unknown parameter "${name}" after ${host}`)
  const [username, password, path] = [url.username, url.password, pathname.slice(1)].map(unescaped)
  const database = path || 'tickhouse'
  const cluster = searchParams.get('cluster') ?? undefined
  for (const [what, name] of Object.entries({ database, cluster }))
    if (name !== undefined && !NAME.test(name)) throw invalid(`${what} "${name}" may have letters, digits and _ only`)
  const passwordFile = searchParams.get('passwordFile') || undefined
  if (passwordFile !== undefined && password) throw invalid('password and passwordFile exclude each other')
  const timeoutMs = Number(searchParams.get('timeoutMs') ?? TIMEOUT_MS_DEFAULT)
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100) throw invalid('timeoutMs must be a whole number of at least 100')
  return {
    kind: 'server',
    url: `${protocol}//${host}`,
    username: username || 'default',
    password: password!,
    passwordFile,
    database,
    cluster,
    timeoutMs,
    shown: `${protocol}//${host}/${database}${cluster ? `?cluster=${cluster}` : ''}`,
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a "%" in user, password or database must be written %25')
  }
}

/** Without the address: it may contain a password. */
function invalid(why: string): TickhouseError {
  return new TickhouseError('address_invalid', `TICKHOUSE_STORE: ${why}`, `Give TICKHOUSE_STORE=${FORMS}.`)
}
