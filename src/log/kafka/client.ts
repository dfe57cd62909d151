/** Client options of all connections to the brokers. Each change of a default has its reason beside it. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Base, BaseOptions, SASLOptions } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { Credentials, KafkaAddress, TokenSource } from './address.ts'
import { asKafkaError, unavailable } from './errors.ts'
import { mskTokens } from './login/msk-token.ts'

/** After this, an unanswered request fails and its connection is closed: a stalled broker must not block us forever. */
export const REQUEST_MS_MAX = 10_000
const CONNECT_MS_MAX = 5_000
/**
 * Limit for read-only requests, all retries of the client included: callers poll again, and a stop must end within
 * seconds.
 */
export const ANSWER_MS_MAX = 5_000
/** Delay of the client's own retries. */
const RETRY_MS = 250
const RETRIES_MAX = 3
const TOKEN_COMMAND_MS_MAX = 10_000
/** Connections open in groups: those opened together share a token. Far below any token's lifetime. */
const TOKEN_CACHE_MS = 5_000

/** Options for every client class. Reads the certificates; throws `config_invalid` if a file cannot be read. */
export function clientOptions(address: KafkaAddress): BaseOptions {
  const { tls, credentials, brokers } = address
  return {
    clientId: 'tickhouse',
    bootstrapBrokers: brokers,
    connectTimeout: CONNECT_MS_MAX,
    requestTimeout: REQUEST_MS_MAX,
    retries: RETRIES_MAX,
    retryDelay: RETRY_MS,
    ...(tls && {
      tls: { ...file('ca', tls.ca), ...file('cert', tls.cert), ...file('key', tls.key) },
      // SNI distinguishes brokers behind one address; it does not allow IP addresses.
      tlsServerName: brokers.some(broker => isIP(hostOf(broker)) === 0),
    }),
    ...(credentials && { sasl: saslOf(credentials) }),
  }
}

/**
 * Adds an error listener to each connection. A connection may fail twice (login rejected, then closed by the broker),
 * the client listens only once, and an unhandled error event would end the process.
 */
export function withErrorListener<Client extends Base>(client: Client): Client {
  client.connections.on('connecting', ({ connection }) => connection.on('error', () => {}))
  return client
}

/** Sends a request to the cluster at `shown` and waits at most `ANSWER_MS_MAX`. Throws TickhouseErrors. */
export async function withTimeout<T>(shown: string, request: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unanswered(shown)), ANSWER_MS_MAX)
  try {
    return await Promise.race([request(), late])
  } catch (error) {
    throw asKafkaError(error, shown)
  } finally {
    clearTimeout(timer)
  }
}

export function unanswered(shown: string): TickhouseError {
  return unavailable(`the log at ${shown} has not answered for ${ANSWER_MS_MAX} ms`)
}

const hostOf = (broker: string): string => broker.slice(0, broker.lastIndexOf(':')).replace(/^\[|\]$/g, '')

function file<Name extends string>(name: Name, path: string | undefined): { [name in Name]?: string } {
  if (path === undefined) return {}
  try {
    return { [name]: readFileSync(path, 'utf8') } as { [name in Name]: string }
  } catch (error) {
    throw unreadable(name, error)
  }
}

function unreadable(what: string, cause: unknown): TickhouseError {
  const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
  return new TickhouseError(
    'config_invalid',
    `cannot read the ${what} of the log address: ${why}`,
    'See docs/kafka.md.',
    {
      cause,
    },
  )
}

/** Secrets in files and from commands are read at every login, so they can be rotated at run time. */
function saslOf(credentials: Credentials): SASLOptions {
  if (credentials.mechanism === 'OAUTHBEARER')
    return {
      mechanism: 'OAUTHBEARER',
      token: tokenProvider(credentials.token),
      authBytesValidator: rejectErrorChallenge,
    }
  const { mechanism, user, password } = credentials
  if (typeof password === 'string') return { mechanism, username: user, password }
  return { mechanism, username: user, password: () => secretIn(password.file, 'passwordFile') }
}

/**
 * A broker that rejects a token answers with the reason (RFC 7628, 3.2.2); one that accepts it sends an empty answer.
 */
function rejectErrorChallenge(answer: Buffer, done: (error: Error | null, answer: Buffer) => void): void {
  done(answer.length > 0 ? new Error(`the broker rejects the token: ${answer.toString()}`) : null, answer)
}

/** The client logs in again before the broker ends the session, which is never later than the token's expiry. */
function tokenProvider(token: TokenSource): () => Promise<string> {
  const next = tokensOf(token)
  let cached: Promise<string> | undefined
  return () => {
    if (cached) return cached
    cached = next()
    setTimeout(() => (cached = undefined), TOKEN_CACHE_MS).unref()
    return cached
  }
}

function tokensOf(token: TokenSource): () => Promise<string> {
  if ('file' in token) return () => secretIn(token.file, 'tokenFile')
  if ('command' in token) return () => outputOf(token.command)
  const sign = mskTokens(token.mskRegion)
  return () => sign().catch((error: unknown) => Promise.reject(unreadable("process's AWS credentials", error)))
}

async function secretIn(path: string, option: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw unreadable(option, error)
  }
}

async function outputOf(command: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile('sh', ['-c', command], { timeout: TOKEN_COMMAND_MS_MAX }, (error, stdout) => {
      if (error) reject(unreadable('tokenCommand', new Error(`it ended with ${error.code ?? error.signal}`)))
      else resolve(stdout.trim())
    })
  })
}
