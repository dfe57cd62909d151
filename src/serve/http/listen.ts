import type { FastifyInstance } from 'fastify'

import { TickhouseError } from '../../errors.ts'
import { splitListen } from '../../loopback.ts'

/**
 * Listens at `where`, a `host:port`, and returns the URL. `setting` is the environment variable of the address, for the
 * advice. Throws `address_in_use`, or `address_invalid` if the machine has no such address.
 */
export async function listen(server: FastifyInstance, where: string, setting: string): Promise<string> {
  const { host, port } = splitListen(where)
  try {
    await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inUse = code === 'EADDRINUSE'
    throw new TickhouseError(
      inUse ? 'address_in_use' : 'address_invalid',
      inUse ? `${where} is in use by another program` : `cannot listen on ${where}: ${code}`,
      `End the other program, or choose another address with ${setting}=127.0.0.1:<port>.`,
      { cause: error },
    )
  }
  const address = server.server.address()
  return `http://${host}:${typeof address === 'object' && address ? address.port : port}`
}
