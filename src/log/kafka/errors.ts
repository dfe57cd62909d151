import { TickhouseError } from '../../errors.ts'

/** Error codes of the protocol (kafka.apache.org/protocol#protocol_error_codes) that decide something here. */
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

const RIGHTS = 'Give this user the rights told in docs/kafka.md, with kafka-acls or in the console of your provider.'

/** Node's codes of a certificate that is not accepted (nodejs.org/api/tls.html#x509-certificate-error-codes). */
const CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_.*ALERT)/

/** The client nests what happened: lists in `errors`, reasons in `cause`. All of them, the outermost first. */
export function* allErrors(error: unknown, depth = 0): Generator<Error & { code?: unknown; apiCode?: unknown }> {
  if (!(error instanceof Error) || depth > 10) return
  yield error
  if ('errors' in error && Array.isArray(error.errors)) for (const one of error.errors) yield* allErrors(one, depth + 1)
  yield* allErrors(error.cause, depth + 1)
}

/** Did a broker answer with this code, anywhere within? */
export function isProtocolError(error: unknown, code: number): boolean {
  return [...allErrors(error)].some(({ apiCode }) => apiCode === code)
}

/** Names what the client said of the cluster at `shown`; what it cannot name may pass, and so may be tried again. */
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
  if (all.some(({ apiCode }) => NOT_ALLOWED.includes(apiCode))) return refused('the brokers do not allow it', RIGHTS)
  if (all.some(({ code }) => typeof code === 'string' && CERTIFICATE.test(code)))
    return refused(
      'TLS cannot be agreed upon',
      'Check ca, cert and key of the log address, and the name in the broker’s certificate.',
    )
  return unavailable(`the log cannot be reached at ${shown}: ${why}`, error)
}

/** What lies deepest says most: "connection refused" rather than "metadata failed 3 times". */
function innermost(all: readonly Error[]): string {
  const leaves = all.filter(one => !('errors' in one) && one.cause === undefined)
  const texts = new Set(leaves.map(one => one.message.replaceAll(/\s+/g, ' ')).filter(Boolean))
  return [...texts].slice(0, 3).join('; ') || 'no reason given'
}

export function unavailable(message: string, cause?: unknown): TickhouseError {
  return new TickhouseError(
    'log_unavailable',
    message,
    'Check that the brokers run and that the address, and tls, are theirs.',
    {
      cause,
      retryable: true,
    },
  )
}

export function notAllowed(topic: string): TickhouseError {
  return new TickhouseError('log_refused', `the brokers do not let us read topic ${topic}`, RIGHTS)
}

export function closed(): TickhouseError {
  return new TickhouseError('log_unavailable', 'the log is closed', 'Open it again.')
}

export function replaced(shown: string, what: string): TickhouseError {
  return new TickhouseError(
    'log_replaced',
    `the log at ${shown} is not the one it was: ${what}`,
    'Put the topic back from a copy, or begin a new store: offsets of one do not match the other.',
  )
}
