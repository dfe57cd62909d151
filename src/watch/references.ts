/** Addresses that tell a watcher that is cut off from a house that is down: can any of them be reached? */
import { once } from 'node:events'
import net from 'node:net'

const CONNECT_MS_MAX = 3_000

/** How many of the addresses (`host:port`) take a connection. */
export async function countReached(references: readonly string[]): Promise<number> {
  const reached = await Promise.all(references.map(isReached))
  return reached.filter(Boolean).length
}

async function isReached(reference: string): Promise<boolean> {
  const at = reference.lastIndexOf(':')
  const socket = net.connect(Number(reference.slice(at + 1)), reference.slice(0, at).replace(/^\[|\]$/g, ''))
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

/** The reference that a URL is. */
export function referenceOf(url: string): string {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port || DEFAULT_PORTS[protocol.replace(/^\w+\+/, '')] || 443}`
}

const DEFAULT_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443, 'smtp:': 587, 'smtps:': 465 }
