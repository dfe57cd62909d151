import { TickhouseError } from '../../errors.ts'

/** Partitions of each new topic, without the option. */
const PARTITIONS_DEFAULT = 8
/** A store's tables number partitions in 16 bits, over both topics. */
const PARTITIONS_MAX = 1024
/** Kafka's own limit for a topic's name is 249. */
const PREFIX_LENGTH_MAX = 200

/** How this client authenticates. */
export type Credentials =
  | { mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'; user: string; password: string | { file: string } }
  | { mechanism: 'OAUTHBEARER'; token: TokenSource }

/** Where the tokens of OAUTHBEARER come from. `mskRegion`: signed here for Amazon MSK, with the process's AWS role. */
export type TokenSource = { file: string } | { command: string } | { mskRegion: string }

/** A parsed `kafka://` address. */
export interface KafkaAddress {
  /** host:port of the bootstrap brokers. */
  brokers: string[]
  topicPrefix: string
  /** Of each topic, as the address gives it. */
  partitions: number | undefined
  partitionsAtCreation: number
  replication: number | undefined
  /** The consumer group whose members share the partitions. */
  group: string
  /** PEM files; without `ca`, the system's certificate authorities are trusted. */
  tls: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined } | undefined
  credentials: Credentials | undefined
  /** To show: without user, password, files or commands. */
  shown: string
}

const MECHANISMS: Readonly<Record<string, Credentials['mechanism']>> = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
  oauthbearer: 'OAUTHBEARER',
}

/** Not a mechanism of Kafka: OAUTHBEARER with tokens that AWS's brokers check. */
const MSK_IAM = 'aws-msk-iam'

const OPTIONS = [
  ...['topicPrefix', 'partitions', 'replication', 'group', 'tls', 'ca', 'cert', 'key'],
  ...['sasl', 'user', 'passwordFile', 'tokenFile', 'tokenCommand', 'region'],
]

/**
 * Reads `kafka://[user:password@]host:port[,host:port…][?option=…&…]`; options are in docs/kafka.md.
 * Throws `address_invalid`; its message never contains a possible secret.
 */
export function parseKafkaAddress(address: string): KafkaAddress {
  const [, user, password, hosts, query] =
    /^kafka:\/\/(?:([^:@/?]*)(?::([^@/?]*))?@)?([^/?@]*)\/?(?:\?(.*))?$/.exec(address) ?? []
  if (hosts === undefined) throw invalid('it is not kafka://host:port,…?option=…')
  const options = new URLSearchParams(query)
  for (const key of options.keys()) if (!OPTIONS.includes(key)) throw invalid(`unknown option "${key}"`)
  const option = (key: string): string | undefined => options.get(key) || undefined
  const brokers = hosts.split(',').filter(Boolean)
  for (const broker of brokers)
    if (!/^(\[[\da-fA-F:]+\]|[\w.-]+):\d{1,5}$/.test(broker)) throw invalid('a broker is not host:port')
  if (brokers.length === 0) throw invalid('it names no broker')
  const topicPrefix = option('topicPrefix') ?? ''
  if (!/^[\w.-]*$/.test(topicPrefix) || topicPrefix.length > PREFIX_LENGTH_MAX)
    throw invalid(`topicPrefix: letters, digits, ".", "_" and "-" only, ${PREFIX_LENGTH_MAX} at most`)
  const partitions = wholeNumber(option('partitions'), 'partitions', PARTITIONS_MAX)
  const tls = tlsOf(option)
  return {
    brokers,
    topicPrefix,
    partitions,
    partitionsAtCreation: partitions ?? PARTITIONS_DEFAULT,
    replication: wholeNumber(option('replication'), 'replication', 32_767),
    group: option('group') ?? `${topicPrefix}tickhouse`,
    tls,
    credentials: credentialsOf(option, user && unescaped(user), password && unescaped(password)),
    shown: `kafka://${brokers.join(',')}${topicPrefix && `?topicPrefix=${topicPrefix}`}`,
  }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a "%" in user or password must be written %25')
  }
}

type Option = (key: string) => string | undefined

function tlsOf(option: Option): KafkaAddress['tls'] {
  const [on, ca, cert, key] = ['tls', 'ca', 'cert', 'key'].map(option)
  if (on !== undefined && on !== '0' && on !== '1') throw invalid('tls must be 0 or 1')
  if (on !== '1') {
    if (ca ?? cert ?? key) throw invalid('ca, cert and key need tls=1')
    return undefined
  }
  if ((cert === undefined) !== (key === undefined)) throw invalid('cert and key go together')
  return { ca, cert, key }
}

function credentialsOf(option: Option, urlUser?: string, password?: string): Credentials | undefined {
  const [sasl, optionUser, passwordFile, tokenFile, tokenCommand, region] = [
    ...['sasl', 'user', 'passwordFile', 'tokenFile', 'tokenCommand', 'region'].map(option),
  ]
  const user = urlUser || optionUser
  if (sasl === undefined) {
    if (user ?? password ?? passwordFile ?? tokenFile ?? tokenCommand) throw invalid('a user or a token needs sasl=…')
    if (region) throw invalid('region needs sasl=aws-msk-iam')
    return undefined
  }
  const named = sasl.toLowerCase()
  if (named === MSK_IAM) {
    if (user ?? password ?? passwordFile ?? tokenFile ?? tokenCommand)
      throw invalid(`sasl=${MSK_IAM} takes its credentials from AWS's provider chain, not from the address`)
    if (option('tls') !== '1') throw invalid(`sasl=${MSK_IAM} needs tls=1`)
    if (!region || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(region))
      throw invalid(`sasl=${MSK_IAM} needs region=, such as eu-west-1`)
    return { mechanism: 'OAUTHBEARER', token: { mskRegion: region } }
  }
  if (region) throw invalid(`region needs sasl=${MSK_IAM}`)
  const mechanism = Object.hasOwn(MECHANISMS, named) ? MECHANISMS[named] : undefined
  if (!mechanism) throw invalid(`sasl must be one of ${[...Object.keys(MECHANISMS), MSK_IAM].join(', ')}`)
  if (mechanism === 'OAUTHBEARER') {
    if (tokenFile && !tokenCommand) return { mechanism, token: { file: tokenFile } }
    if (tokenCommand && !tokenFile) return { mechanism, token: { command: tokenCommand } }
    throw invalid('sasl=oauthbearer needs either tokenFile or tokenCommand')
  }
  if (!user) throw invalid(`sasl=${sasl} needs a user: kafka://user:password@… or user=…`)
  if (password) return { mechanism, user, password }
  if (passwordFile) return { mechanism, user, password: { file: passwordFile } }
  throw invalid(`sasl=${sasl} needs a password: kafka://user:password@… or passwordFile=…`)
}

function wholeNumber(written: string | undefined, name: string, max: number): number | undefined {
  if (written === undefined) return undefined
  const number = Number(written)
  if (/^\d+$/.test(written) && number >= 1 && number <= max) return number
  throw invalid(`${name} must be a whole number from 1 to ${max}`)
}

function invalid(why: string): TickhouseError {
  return new TickhouseError('address_invalid', `the kafka address cannot be read: ${why}`, 'See docs/kafka.md.')
}
