/** What all our connections to the brokers have in common. The client's own defaults that would hurt are changed here, each with its reason. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Base, BaseOptions, SASLOptions } from '@platformatic/kafka'
import { TickhouseError } from '../../errors.ts'
import type { Credentials, KafkaAddress } from './address.ts'
import { asKafkaError, unavailable } from './errors.ts'

/** A request a broker has not answered by then is given up, with its connection: a broker that stands still must not hold us for ever. */
export const REQUEST_MS_MAX = 10_000
const CONNECT_MS_MAX = 5_000
/** Whoever only asks waits no longer, however often the client tries: it is asked again later, and a stop must end in seconds. */
export const ANSWER_MS_MAX = 5_000
/** The client waits so long before it tries again by itself, where it does. */
const RETRY_MS = 250
const RETRIES_MAX = 3
const TOKEN_COMMAND_MS_MAX = 10_000
/** Connections are made in groups: one token serves those made together. Far below the life of any token. */
const TOKEN_KEPT_MS = 5_000

/** Options for a client of any kind. Reads the certificates; throws `config_invalid` if a file cannot be read. */
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
      // Brokers behind one address are told apart by the name asked for; an IP address is no name.
      tlsServerName: brokers.some(broker => isIP(hostOf(broker)) === 0),
    }),
    ...(credentials && { sasl: saslOf(credentials) }),
  }
}

/**
 * A connection may fail twice: a login is refused, and the broker hangs up. The client listens for the first time only, and an error
 * that nobody listens for would end the process.
 */
export function outlivingErrors<Client extends Base>(client: Client): Client {
  client.connections.on('connecting', ({ connection }) => connection.on('error', () => {}))
  return client
}

/** Asks the cluster at `shown`, for `ANSWER_MS_MAX` at most. Throws TickhouseErrors. */
export async function asked<T>(shown: string, ask: () => Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(unanswered(shown)), ANSWER_MS_MAX)
  try {
    return await Promise.race([ask(), late])
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
    `the log address names a ${what} that cannot be had: ${why}`,
    'See docs/kafka.md.',
    {
      cause,
    },
  )
}

/** Secrets in files and from commands are asked for anew at every login, so that they may change while we run. */
function saslOf(credentials: Credentials): SASLOptions {
  if (credentials.mechanism === 'OAUTHBEARER')
    return { mechanism: 'OAUTHBEARER', token: tokenProvider(credentials.token), authBytesValidator: refuseComplaint }
  const { mechanism, user, password } = credentials
  if (typeof password === 'string') return { mechanism, username: user, password }
  return { mechanism, username: user, password: () => secretIn(password.file, 'passwordFile') }
}

/** A broker that does not take a token answers with what is wrong with it (RFC 7628, 3.2.2), where another would say nothing. */
function refuseComplaint(answer: Buffer, done: (error: Error | null, answer: Buffer) => void): void {
  done(answer.length > 0 ? new Error(`the broker does not take the token: ${answer.toString()}`) : null, answer)
}

/** The client logs in again before a session ends by the broker's word, which never outlives the token's. */
function tokenProvider(token: { file: string } | { command: string }): () => Promise<string> {
  let kept: Promise<string> | undefined
  return () => {
    if (kept) return kept
    kept = 'file' in token ? secretIn(token.file, 'tokenFile') : outputOf(token.command)
    setTimeout(() => (kept = undefined), TOKEN_KEPT_MS).unref()
    return kept
  }
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
