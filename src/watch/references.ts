/** Reference hosts: if none of them can be reached, the watcher has lost its network, and the instance may be up. */
import { once } from 'node:events'
import net from 'node:net'

const CONNECT_MS_MAX = 3_000

/** How many of the hosts (`host:port`) accept a connection. */
export async function countReached(references: readonly string[]): Promise<number> {
  const reached = await Promise.all(references.map(isReached))
  return reached.filter(Boolean).length
}

async function isReached(reference: string): Promise<boolean> {
  const at = reference.lastIndexOf(':')
  const [host, port] = [reference.slice(0, at).replace(/^\[|\]$/g, ''), Number(reference.slice(at + 1))]
  // `connect` would throw.
  if (port > 65_535) return false
  const socket = net.connect(port, host)
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS_MAX) })
    return true
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}

/** The `host:port` of a URL. */
export function referenceOf(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || DEFAULT_PORTS[protocol.replace(/^\w+\+/, '')] || 443}`
}

/**
 * The references that prove a network to an instance. A local one, like a mail server here, does only for a local
 * instance.
 */
export function referencesFor(instance: string, references: readonly string[]): string[] {
  return isLocal(referenceOf(instance)) ? [...references] : references.filter(reference => !isLocal(reference))
}

function isLocal(reference: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\]):\d+$/.test(reference)
}

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'smtp:': 587, 'smtps:': 465 }
