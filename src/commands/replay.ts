/** `tickhouse replay`: replays stored ticks as a venue's WebSocket feed, as one normalised feed, or into a log. */
import path from 'node:path'
import { SYSTEM_CLOCK } from '../clock.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { openLog } from '../log/open.ts'
import { LogOutlet } from '../replay/into-log.ts'
import { Ranges, REPLAYED_KINDS } from '../replay/ranges.ts'
import { type Outlet, Replay } from '../replay/replay.ts'
import { ReplayServer } from '../replay/server.ts'
import { VENUE_SERVERS } from '../replay/venue-servers.ts'
import { openStoreAccess } from './open-store.ts'
import { parseTime, timeRange } from './parse-time.ts'
import { count, Progress } from './progress.ts'

/** Flags as given. */
export interface ReplayFlags {
  as?: string
  into?: string
  venue?: string
  symbol?: string
  kinds?: string
  from?: string
  to?: string
  speed: string
  port: string
  startPaused?: boolean
}

const SHOW_EVERY_MS = 500

/** Replays until all ticks are sent or the signal aborts; prints its address and the result. Throws TickhouseErrors. */
export async function replay(config: Config, flags: ReplayFlags, stopping: AbortSignal): Promise<void> {
  const { protocol, into, speed, port, wanted, kinds } = readFlags(config, flags)
  const access = await openStoreAccess(config)
  try {
    const range = await Ranges.find(access.query, wanted, kinds)
    if (protocol && flags.as !== 'live') range.requireOneVenue()
    const out = protocol
      ? await serving(new ReplayServer(protocol, range.symbols), port)
      : await writing(into!, speed !== Number.POSITIVE_INFINITY)
    const run = new Replay({
      read: from => range.read(from),
      fromNanos: range.firstNanos,
      speed,
      outlet: out.outlet,
      clock: SYSTEM_CLOCK,
      startPaused: flags.startPaused ?? false,
    })
    if (out.server) out.server.control = (name, options) => control(run, name, options)
    const target = out.server ? out.server.url + protocol!.target(range.symbols, range.kinds) : into!
    console.log(
      `replaying ${count(range.ticks)} ticks (${range.kinds.join(', ')}) of ${range.symbols.join(', ')}: ${target}`,
    )
    try {
      const ended = await runWatched(run, range, out.outlet, stopping)
      console.log(`${ended ? 'ended' : 'stopped'} after ${count(run.sent)} ticks`)
    } finally {
      await out.close()
    }
    const skipped = out.server?.skipped ?? 0
    if (skipped > 0)
      console.log(`${count(skipped)} of them cannot be expressed in this format and were not sent: use --as live`)
  } finally {
    await access.close()
  }
}

function readFlags(config: Config, { as, into, venue, symbol, kinds, from, to, speed, port }: ReplayFlags) {
  if ((as === undefined) === (into === undefined)) throw usage('replay needs either --as or --into')
  const protocol = as !== undefined && Object.hasOwn(VENUE_SERVERS, as) ? VENUE_SERVERS[as] : undefined
  if (as !== undefined && !protocol) throw usage(`unknown format ${as}`)
  if (into !== undefined && locationOf(into) === locationOf(config.LOG))
    throw usage('a replay into its own log would duplicate the ticks: name another log')
  const times = speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed)
  if (!(times > 0)) throw usage(`not a speed: ${speed}`)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw usage(`not a port: ${port}`)
  const wanted = {
    venue,
    symbols: symbol?.split(',').filter(Boolean) ?? [],
    ...timeRange({ from, to }),
  }
  return { protocol, into, speed: times, port: Number(port), wanted, kinds: kindsOf(kinds, as, protocol?.kinds) }
}

/** The kinds to replay: by default all that the format has. Throws `usage`. */
function kindsOf(text: string | undefined, as: string | undefined, possible = REPLAYED_KINDS) {
  const kinds = text === undefined ? possible : text.split(',').filter(Boolean)
  const unknown = kinds.find(kind => !REPLAYED_KINDS.includes(kind))
  if (unknown !== undefined) throw usage(`unknown kind ${unknown}: --kinds takes ${REPLAYED_KINDS.join(', ')}`)
  const missing = kinds.find(kind => !possible.includes(kind))
  if (missing !== undefined) throw usage(`a replay as ${as} has only ${possible.join(', ')}, not ${missing}`)
  if (kinds.length === 0) throw usage('--kinds names no kind')
  return kinds
}

function usage(message: string): TickhouseError {
  return new TickhouseError(
    'usage',
    message,
    `For example: tickhouse replay --as ${Object.keys(VENUE_SERVERS).join('|')} --symbol BTCUSDT --from 2026-11-21 --speed 10`,
  )
}

/** A log's address without its options, the directory in full. */
function locationOf(address: string): string {
  const [scheme, directory = ''] = address.split('?')[0]!.split(/:(.*)/s)
  return scheme === 'sqlite' ? `sqlite:${path.resolve(directory)}` : address
}

async function serving(server: ReplayServer, port: number) {
  await server.listen(port)
  return { outlet: server as Outlet, server, close: () => server.close() }
}

async function writing(address: string, asFastAsPossible: boolean) {
  const log = await openLog(address, 'write')
  return { outlet: new LogOutlet(log, asFastAsPossible) as Outlet, server: undefined, close: () => log.close() }
}

function control(run: Replay, name: string, options: URLSearchParams): object {
  if (name === 'pause') run.pause()
  else if (name === 'resume') run.resume()
  else if (name === 'seek') run.seek(parseTime(options.get('to') ?? ''))
  else if (name !== 'status')
    throw new TickhouseError('usage', `no such control: ${name}`, 'Known: pause, resume, seek?to=<time>, status')
  return { paused: run.paused, sent: run.sent, at: timeText(run.atNanos) }
}

/**
 * Runs with progress on the terminal, where the space bar pauses and resumes. False if it was stopped before the end.
 */
async function runWatched(run: Replay, range: Ranges, outlet: Outlet, stopping: AbortSignal): Promise<boolean> {
  const progress = new Progress('ticks', range.ticks)
  const showing = setInterval(() => {
    const state = run.paused ? 'paused, ' : outlet.waitingFor ? `waiting for ${outlet.waitingFor}, ` : ''
    progress.show(run.sent, `${timeText(run.atNanos)} ${state}`)
  }, SHOW_EVERY_MS)
  const stop = new AbortController()
  const keyboard = process.stdin.isTTY ? process.stdin : undefined
  const onKey = (key: Buffer) => {
    if (key[0] === CTRL_C) stop.abort()
    else if (key[0] === SPACE) run.paused ? run.resume() : run.pause()
  }
  keyboard?.setRawMode(true).on('data', onKey)
  const signal = AbortSignal.any([stopping, stop.signal])
  try {
    await run.run(signal)
    return true
  } catch (error) {
    if (!signal.aborted) throw error
    return false
  } finally {
    clearInterval(showing)
    keyboard?.off('data', onKey).setRawMode(false).pause()
    progress.end()
  }
}

const CTRL_C = 3
const SPACE = 32

function timeText(nanos: bigint): string {
  return new Date(Number(nanos / 1_000_000n)).toISOString().replace('T', ' ')
}
