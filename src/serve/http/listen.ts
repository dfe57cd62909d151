import type { FastifyInstance } from 'fastify'
import { environmentName, type SettingName } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { splitListen } from '../../loopback.ts'

/**
 * Starts to listen at `host:port`, which a setting gave, and tells the address it then has. Throws `address_in_use`, or
 * `address_invalid` where the machine has no such address.
 */
export async function listen(
  server: FastifyInstance,
  where: string,
  setting: SettingName,
  tell: (url: string) => void,
): Promise<void> {
  const { host, port } = splitListen(where)
  try {
    await server.listen({ host, port })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const inUse = code === 'EADDRINUSE'
    throw new TickhouseError(
      inUse ? 'address_in_use' : 'address_invalid',
      inUse ? `${where} is in use by another program` : `cannot listen on ${where}: ${code}`,
      `End the other program, or choose another address with ${environmentName(setting)}=127.0.0.1:<port>.`,
      { cause: error },
    )
  }
  const address = server.server.address()
  tell(`http://${host}:${typeof address === 'object' && address ? address.port : port}`)
}
