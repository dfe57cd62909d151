import { once } from 'node:events'
import fs from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'

/** Below the ports that systems give to connections and to servers that ask for any: `man 7 ip`. */
const [FIRST, COUNT] = [15_000, 17_000]
const RANGE = '/proc/sys/net/ipv4/ip_local_port_range'

/**
 * A local port that was just free, for servers that need a port before they start, or the same one again. Where it can, one
 * that the system gives to nobody else in between.
 */
export async function freePort(): Promise<number> {
  const given = fs.existsSync(RANGE) ? Number(fs.readFileSync(RANGE, 'utf8').split(/\s+/)[0]) : 0
  while (given >= FIRST + COUNT) {
    const port = FIRST + Math.floor(Math.random() * COUNT)
    if ((await tried(port)) === port) return port
  }
  return (await tried(0))!
}

/** The port, 0 for any, if it is free. */
async function tried(wanted: number): Promise<number | undefined> {
  const server = createServer().listen(wanted, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
