/** Work with an administrator's client of the brokers at `hosts`, by a library that is not the one under test. */
import kafkajs, { type Admin } from 'kafkajs'

export async function administer<T>(hosts: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new kafkajs.Kafka({ brokers: hosts.split(','), logLevel: kafkajs.logLevel.NOTHING }).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}
