/** Apache Kafka itself, as Maven Central has it. */
import { fetchedJars, jarsMissing } from '../../data/fetched.ts'

const VERSION = '4.4.0'
const NAME = `kafka-${VERSION}`
// kafka_2.13 brings slf4j-api 1.7.36: a 2.x binding would be ignored by it.
const ARTIFACTS = [`org.apache.kafka:kafka_2.13:${VERSION}`, 'org.slf4j:slf4j-simple:1.7.36']

/** Why no broker can be started here, undefined if one can. */
export function kafkaMissing(): Promise<string | undefined> {
  return jarsMissing(NAME)
}

/** The class path of a broker. */
export function kafkaClassPath(): Promise<string> {
  return fetchedJars(NAME, ARTIFACTS)
}
