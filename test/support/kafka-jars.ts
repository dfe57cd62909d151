/** Apache Kafka itself, as Maven Central has it: fetched once, kept in node_modules/.cache. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const KAFKA_VERSION = '4.4.0'
const JAVA_MIN = 17
const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const JARS = join(CACHE, `tickhouse-kafka-${KAFKA_VERSION}`)
const DOWNLOAD_MS_MAX = 300_000

const run = promisify(execFile)

// kafka_2.13 brings slf4j-api 1.7.36: a 2.x binding would be ignored by it.
const POM = `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tickhouse</groupId><artifactId>kafka-broker</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** Why no broker can be started here, undefined if one can. */
export async function kafkaMissing(): Promise<string | undefined> {
  const java = await run('java', ['-version']).catch(() => undefined)
  const [, version] = /version "(\d+)/.exec(java?.stderr ?? '') ?? []
  if (Number(version ?? 0) < JAVA_MIN) return `no Java ${JAVA_MIN} or newer`
  if (existsSync(JARS)) return undefined
  return (await run('mvn', ['-version']).catch(() => undefined)) ? undefined : 'no Maven to fetch Kafka with'
}

/** The class path of a broker. Several test files may ask at once: each fetches for itself, the first to be done is kept. */
export async function kafkaClassPath(): Promise<string> {
  if (!existsSync(JARS)) {
    await mkdir(CACHE, { recursive: true })
    const directory = await mkdtemp(join(CACHE, 'kafka-'))
    try {
      await writeFile(join(directory, 'pom.xml'), POM)
      const goal = ['dependency:copy-dependencies', '-DoutputDirectory=jars', '-DincludeScope=runtime']
      await run('mvn', ['-q', '-B', ...goal], { cwd: directory, timeout: DOWNLOAD_MS_MAX })
      await rename(join(directory, 'jars'), JARS).catch(error => {
        if (!existsSync(JARS)) throw error
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  return join(JARS, '*')
}
