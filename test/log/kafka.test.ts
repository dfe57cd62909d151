import { after, describe } from 'node:test'
import { openKafkaLog } from '../../src/log/kafka.ts'
import { logContract } from '../contracts/log.ts'
import { startKafka } from '../support/kafka.ts'

const kafka = await startKafka({ after })

/** A place of the contract suite is a directory; here each stands for topics of its own. */
const addresses = new Map<string, string>()

describe('on a real broker', { skip: kafka.missing }, () => {
  logContract('the Kafka log', (place, options) => {
    const address = addresses.get(place) ?? kafka.address({ partitions: options?.partitions ?? 1 })
    addresses.set(place, address)
    return openKafkaLog(address, 'write')
  })
})
