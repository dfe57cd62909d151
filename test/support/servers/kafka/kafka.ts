/**
 * A real Kafka for tests: the cluster at KAFKA_BROKERS where that is set, else brokers started here on Java 17 from
 * Maven Central's jars. If neither is available, `kafka.missing` has the reason and tests skip; with CI=true that is an
 * error.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { Broker } from './broker.ts'
import { type Certificates, makeCertificates } from './certificates.ts'
import { kafkaClassPath, kafkaMissing } from './jars.ts'

/** The user of the listeners with authentication. */
export const KAFKA_USER = { name: 'alice', password: 'correct horse/battery' }

export interface KafkaOptions {
  brokers?: 1 | 3
  /** Brokers that the test may break, even where KAFKA_BROKERS is set. */
  own?: boolean
  /** Adds the listeners of `SecureListeners` to the first broker. */
  secure?: boolean
  /** Further lines of server.properties. */
  properties?: Record<string, string | number>
}

/** host:port of the listeners with authentication. The SASL ones offer all mechanisms. */
export interface SecureListeners {
  saslPlaintext: string
  saslSsl: string
  /** Requires a client certificate. */
  ssl: string
  certificates: Certificates
}

export interface Kafka {
  /** Why there is no Kafka here; the rest must not be used then. */
  missing: string | undefined
  /** host:port of all brokers, as an address takes them. */
  hosts: string
  /** The brokers started here: none where KAFKA_BROKERS is used. */
  brokers: Broker[]
  secure: SecureListeners | undefined
  /** An address of its own in this cluster; `options` go into its query. */
  address(options?: Record<string, string | number>): string
}

/** Starts Kafka, or finds it. `hooks` is the test or, for a whole file, `{ after }` of node:test: it ends with that. */
export async function startKafka(
  hooks: { after(end: () => Promise<void>): void },
  options: KafkaOptions = {},
): Promise<Kafka> {
  const given = process.env.KAFKA_BROKERS
  if (given && !options.own && !options.secure && !options.properties) return found(given)
  const missing = await kafkaMissing()
  if (missing) {
    if (process.env.CI === 'true') throw new Error(`no Kafka for the tests: ${missing}`)
    return { ...found(''), missing: `${missing}, and KAFKA_BROKERS is not set` }
  }
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-kafka-'))
  const brokers: Broker[] = []
  hooks.after(async () => {
    await Promise.all(brokers.map(broker => broker.kill()))
    rmSync(directory, { recursive: true, force: true })
  })
  const secure = options.secure ? await secureListeners(directory) : undefined
  const ports = await freePorts(2 * (options.brokers ?? 1))
  const hosts: string[] = []
  const voters = ports.filter((_, index) => index % 2 === 1).map((port, index) => `${index + 1}@127.0.0.1:${port}`)
  const classPath = await kafkaClassPath()
  for (let id = 1; id <= voters.length; id++) {
    const [port, controllerPort] = [ports[2 * id - 2]!, ports[2 * id - 1]!]
    const own = mkdtempSync(join(directory, `broker-${id}-`))
    const first = id === 1 ? secure : undefined
    const properties = {
      ...propertiesOf({
        id,
        port,
        controllerPort,
        voters,
        directory: own,
        secure: first,
        killable: options.own === true,
      }),
      ...options.properties,
    }
    const securePorts = first ? [first.saslPlaintext, first.saslSsl, first.ssl].map(portOf) : []
    const scram = first ? SCRAM_USERS : []
    brokers.push(new Broker({ directory: own, classPath, properties, ports: [port, ...securePorts], scram }))
    hosts.push(`127.0.0.1:${port}`)
  }
  // The tool that formats takes what begins with a dash for an option.
  const clusterId = `c${randomBytes(16).toString('base64url').slice(1)}`
  await Promise.all(brokers.map(broker => broker.format(clusterId)))
  await Promise.all(brokers.map(broker => broker.start()))
  return { ...found(hosts.join(',')), brokers, secure }
}

function found(hosts: string): Kafka {
  return {
    missing: undefined,
    hosts,
    brokers: [],
    secure: undefined,
    address: options => {
      const query = new URLSearchParams({ topicPrefix: `test-${randomBytes(6).toString('hex')}.` })
      for (const [key, value] of Object.entries(options ?? {})) query.set(key, String(value))
      return `kafka://${hosts}?${query}`
    },
  }
}

const SCRAM_USERS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map(
  mechanism => `${mechanism}=[name=${KAFKA_USER.name},password=${KAFKA_USER.password}]`,
)

const portOf = (host: string) => Number(host.slice(host.lastIndexOf(':') + 1))

async function secureListeners(directory: string): Promise<SecureListeners> {
  const [saslPlaintext, saslSsl, ssl] = (await freePorts(3)).map(port => `127.0.0.1:${port}`)
  return {
    saslPlaintext: saslPlaintext!,
    saslSsl: saslSsl!,
    ssl: ssl!,
    certificates: await makeCertificates(directory),
  }
}

interface Place {
  id: number
  port: number
  controllerPort: number
  voters: string[]
  directory: string
  secure: SecureListeners | undefined
  killable: boolean
}

function propertiesOf({ id, port, controllerPort, voters, directory, secure, killable }: Place) {
  const listeners = [`PLAINTEXT://127.0.0.1:${port}`]
  const protocols = ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT']
  if (secure) {
    listeners.push(`SASLPLAIN://${secure.saslPlaintext}`, `SASLTLS://${secure.saslSsl}`, `TLS://${secure.ssl}`)
    protocols.push('SASLPLAIN:SASL_PLAINTEXT', 'SASLTLS:SASL_SSL', 'TLS:SSL')
  }
  const replicas = Math.min(3, voters.length)
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': voters.join(','),
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${controllerPort}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': protocols.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(directory, 'log'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    ...(killable && voters.length === 1 && QUICK_RESTART),
    ...(voters.length > 1 && CALM_ELECTIONS),
    ...(secure && secureProperties(secure.certificates)),
  }
}

/**
 * A killed broker's next run waits for the session of the last one to end, 9 s by default; on a busy machine 2 s are
 * short.
 */
const QUICK_RESTART = { 'broker.session.timeout.ms': 2000, 'broker.heartbeat.interval.ms': 500 }

/** On a busy machine the defaults of 1 and 2 s bring one election after the other. */
const CALM_ELECTIONS = {
  'controller.quorum.election.timeout.ms': 3000,
  'controller.quorum.fetch.timeout.ms': 6000,
}

function secureProperties({ ca, broker }: Certificates) {
  const properties: Record<string, string | number> = {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    // Sessions end soon, so that clients must show themselves again while a test looks.
    'connections.max.reauth.ms': 3000,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': broker,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    'listener.name.tls.ssl.client.auth': 'required',
  }
  const modules = 'org.apache.kafka.common.security'
  const { name, password } = KAFKA_USER
  for (const listener of ['saslplain', 'sasltls']) {
    const of = (mechanism: string) => `listener.name.${listener}.${mechanism}.sasl.jaas.config`
    properties[of('plain')] = `${modules}.plain.PlainLoginModule required user_${name}="${password}";`
    for (const scram of ['scram-sha-256', 'scram-sha-512'])
      properties[of(scram)] = `${modules}.scram.ScramLoginModule required;`
    properties[of('oauthbearer')] =
      `${modules}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`
  }
  return properties
}

/** As many different ports as `freePort` gives. */
async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}
