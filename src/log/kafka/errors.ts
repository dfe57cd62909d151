import { TickhouseError } from '../../errors.ts'

/** The protocol's error codes (kafka.apache.org/protocol#protocol_error_codes) that this client handles. */
export const PROTOCOL = {
  none: 0,
  offsetOutOfRange: 1,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  invalidTopic: 17,
  recordListTooLarge: 18,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  topicAlreadyExists: 36,
  invalidReplicationFactor: 38,
  outOfOrderSequence: 45,
  invalidProducerEpoch: 47,
  unknownProducerId: 59,
  saslAuthenticationFailed: 58,
  invalidRecord: 87,
  unknownTopicId: 100,
} as const

const NOT_ALLOWED: readonly unknown[] = [
  PROTOCOL.topicAuthorizationFailed,
  PROTOCOL.groupAuthorizationFailed,
  PROTOCOL.clusterAuthorizationFailed,
]

const RIGHTS = 'Grant this user the rights listed in docs/kafka.md, with kafka-acls or in the console of your provider.'

/** Node's error codes of rejected certificates (nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_.*ALERT)/

/** All errors nested in `errors` and `cause`, the outermost first. */
export function* allErrors(error: unknown, depth = 0): Generator<Error & { code?: unknown; apiCode?: unknown }> {
  if (!(error instanceof Error) || depth > 10) return
  yield error
  if ('errors' in error && Array.isArray(error.errors)) for (const one of error.errors) yield* allErrors(one, depth + 1)
  yield* allErrors(error.cause, depth + 1)
}

/** True if a broker answered with this code, at any level of nesting. */
export function isProtocolError(error: unknown, code: number): boolean {
  return [...allErrors(error)].some(({ apiCode }) => apiCode === code)
}

/**
 * Maps an error of the client for the cluster at `shown`. An unknown error is `log_unavailable`, which is retryable.
 */
export function asKafkaError(error: unknown, shown: string): TickhouseError {
  const all = [...allErrors(error)]
  const named = all.find(one => one instanceof TickhouseError)
  if (named) return named
  const why = innermost(all)
  const refused = (what: string, advice: string) =>
    new TickhouseError('log_refused', `${what} at ${shown}: ${why}`, advice, { cause: error })
  if (all.some(({ code }) => code === 'PLT_KFK_AUTHENTICATION'))
    return refused(
      'the brokers refused our credentials',
      'Check sasl, user and password (or token) of the log address.',
    )
  if (all.some(({ apiCode }) => NOT_ALLOWED.includes(apiCode))) return refused('the brokers deny access', RIGHTS)
  if (all.some(({ code }) => typeof code === 'string' && CERTIFICATE.test(code)))
    return refused(
      'TLS handshake failed',
      'Check ca, cert and key of the log address, and the name in the broker’s certificate.',
    )
  return unavailable(`cannot reach the log at ${shown}: ${why}`, error)
}

/** The innermost errors are the most specific: "connection refused" rather than "metadata failed 3 times". */
function innermost(all: readonly Error[]): string {
  const leaves = all.filter(one => !('errors' in one) && one.cause === undefined)
  const texts = new Set(leaves.map(one => one.message.replaceAll(/\s+/g, ' ')).filter(Boolean))
  return [...texts].slice(0, 3).join('; ') || 'no reason given'
}

export function unavailable(message: string, cause?: unknown): TickhouseError {
  return new TickhouseError(
    'log_unavailable',
    message,
    'Check that the brokers run, and check the log address, its tls option included.',
    {
      cause,
      retryable: true,
    },
  )
}

export function notAllowed(topic: string): TickhouseError {
  return new TickhouseError('log_refused', `the brokers deny reading topic ${topic}`, RIGHTS)
}

export function closed(): TickhouseError {
  return new TickhouseError('log_unavailable', 'the log is closed', 'Open it again.')
}

export function replaced(shown: string, what: string): TickhouseError {
  return new TickhouseError(
    'log_replaced',
    `the log at ${shown} was replaced: ${what}`,
    'Restore the topic from a copy, or start a new store: offsets of the two logs do not match.',
  )
}
