/** Apache Kafka itself, as Maven Central has it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fetchedJars, isFetched } from './fetched.ts'

export const KAFKA_VERSION = '4.4.0'
const JAVA_MIN = 17
const NAME = `tickhouse-kafka-${KAFKA_VERSION}`
// kafka_2.13 brings slf4j-api 1.7.36: a 2.x binding would be ignored by it.
const ARTIFACTS = [`org.apache.kafka:kafka_2.13:${KAFKA_VERSION}`, 'org.slf4j:slf4j-simple:1.7.36']

const run = promisify(execFile)

/** Why no broker can be started here, undefined if one can. */
export async function kafkaMissing(): Promise<string | undefined> {
  const java = await run('java', ['-version']).catch(() => undefined)
  const [, version] = /version "(\d+)/.exec(java?.stderr ?? '') ?? []
  if (Number(version ?? 0) < JAVA_MIN) return `no Java ${JAVA_MIN} or newer`
  if (isFetched(NAME)) return undefined
  return (await run('mvn', ['-version']).catch(() => undefined)) ? undefined : 'no Maven to fetch Kafka with'
}

/** The class path of a broker. */
export function kafkaClassPath(): Promise<string> {
  return fetchedJars(NAME, ARTIFACTS)
}
