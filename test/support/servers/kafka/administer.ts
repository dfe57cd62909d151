/** Work with an administrator's client of the brokers at `hosts`, by a library that is not the one under test. */
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs'
import { within } from '../../judges/within.ts'

const WAIT_MS_MAX = 120_000

export async function administer<T>(hosts: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: hosts.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

/** Creates a topic. It is known to every broker a little after it was made, and this client fails instead of waiting for that. */
export async function createTopic(admin: Admin, topic: ITopicConfig): Promise<void> {
  await admin.createTopics({ topics: [topic], waitForLeaders: false })
  await within(WAIT_MS_MAX, () =>
    admin.fetchTopicOffsets(topic.topic).then(
      () => undefined,
      error => {
        if (!error.retriable) throw error
        return String(error)
      },
    ),
  )
}
