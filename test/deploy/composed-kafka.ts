/**
 * The broker of `deploy/compose.yaml`: its environment as its image turns it into properties, on ports and a directory
 * of the test.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Owner } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'
import { Broker } from '../support/servers/kafka/broker.ts'
import { kafkaClassPath } from '../support/servers/kafka/jars.ts'
import type { Service } from './composition.ts'

/** What the image's scripts take for themselves. */
const OF_THE_SCRIPTS = new Set(['KAFKA_HEAP_OPTS'])

/** host:port of the listeners that the composition calls `kafka:19092` and `127.0.0.1:9092`. */
export interface ComposedKafka {
  inside: string
  outside: string
}

/** Starts it; it goes with the test. */
export async function startComposedKafka(t: Owner, { environment }: Service): Promise<ComposedKafka> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-kafka-'))
  const [inside, outside, controller] = [await freePort(), await freePort(), await freePort()]
  const here = (value: string) =>
    value
      .replace(/(\/\/|@)kafka:/g, '$1127.0.0.1:')
      .replace(/:\/\/:/g, '://127.0.0.1:')
      .replaceAll(':19092', `:${inside}`)
      .replaceAll(':9092', `:${outside}`)
      .replaceAll(':9093', `:${controller}`)
      .replace('/var/lib/kafka/data', path.join(directory, 'data'))
  const properties = Object.fromEntries(
    Object.entries(environment!)
      .filter(([name]) => name.startsWith('KAFKA_') && !OF_THE_SCRIPTS.has(name))
      .map(([name, value]) => [name.slice('KAFKA_'.length).toLowerCase().replaceAll('_', '.'), here(String(value))]),
  )
  const classPath = await kafkaClassPath()
  const broker = new Broker({ directory, classPath, properties, ports: [inside, outside], scram: [] })
  t.after(async () => {
    await broker.kill()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  await broker.format(environment!.CLUSTER_ID!)
  await broker.start()
  return { inside: `127.0.0.1:${inside}`, outside: `127.0.0.1:${outside}` }
}
