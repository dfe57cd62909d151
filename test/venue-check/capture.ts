/** Frames of a venue as they arrive. */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import WebSocket from 'ws'
import type { Venue } from '../../src/venues/venue.ts'

/**
 * The frames that a venue sends about its default symbols in so many seconds, one line each. The address is the
 * venue's, or that of `TICKHOUSE_<VENUE>_WS`. Throws if the venue cannot be reached.
 */
export async function capture(venue: Venue, seconds: number): Promise<string[]> {
  const base = process.env[`TICKHOUSE_${venue.name.toUpperCase()}_WS`] ?? venue.ws
  const frames: string[] = []
  for (const kinds of venue.kinds) {
    const socket = new WebSocket(venue.url(base, venue.defaultSymbols, kinds))
    socket.on('message', data => frames.push(String(data).replaceAll('\n', ' ')))
    await once(socket, 'open').catch(error => {
      throw new Error(`cannot connect to ${venue.name}: ${(error as Error).message}`)
    })
    for (const frame of venue.subscribe(venue.defaultSymbols, kinds)) socket.send(frame)
    await sleep(seconds * 1000)
    socket.terminate()
  }
  return frames
}
