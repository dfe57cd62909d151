import type { FastifyInstance } from 'fastify'
import { type Config, splitListen } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import type { Emit } from '../observe/events.ts'

/** Starts to listen, and says where. Throws `address_in_use`, or `address_invalid` where the machine has no such address. */
export async function listen(server: FastifyInstance, config: Config, emit: Emit): Promise<void> {
  const { host, port } = splitListen(config.LISTEN)
  try {
    await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inUse = code === 'EADDRINUSE'
    throw new TickhouseError(
      inUse ? 'address_in_use' : 'address_invalid',
      inUse ? `${config.LISTEN} is in use by another program` : `cannot listen on ${config.LISTEN}: ${code}`,
      'End the other program, or choose another address with TICKHOUSE_LISTEN=127.0.0.1:<port>.',
      { cause: error },
    )
  }
  const address = server.server.address()
  emit('serving', { url: `http://${host}:${typeof address === 'object' && address ? address.port : port}` })
}
