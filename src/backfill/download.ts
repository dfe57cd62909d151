/** Downloads a venue's file of a day and the checksum beside it. */
import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { makeDataDirectory } from '../disk.ts'
import { TickhouseError } from '../errors.ts'
import { plainLine } from '../plain-text.ts'

/** Without a byte for this long, the download has failed. */
const SILENCE_MS_MAX = 60_000
const CHECKSUM_BYTES_MAX = 4_096
const REASON_LENGTH_MAX = 200

/** The address has no such file: the venue has not published it, or does not know the symbol. */
export class NotPublished extends Error {}

export interface DownloadOptions {
  signal: AbortSignal
  /** Bytes so far, and in all; 0 if the server does not state it. */
  progress: (bytes: number, total: number) => void
}

/**
 * Returns the file in `directory`, which is created; one that is there already is not downloaded again. A download that is cut leaves only a
 * file `….part`. Throws NotPublished, or `venue_unreachable`.
 */
export async function download(url: string, directory: string, options: DownloadOptions): Promise<string> {
  const file = path.join(directory, path.basename(new URL(url).pathname))
  makeDataDirectory(directory)
  if (!fs.existsSync(file)) await fetchTo(url, file, options)
  if (!fs.existsSync(`${file}.CHECKSUM`))
    await fetchTo(`${url}.CHECKSUM`, `${file}.CHECKSUM`, { ...options, progress: () => {} }, CHECKSUM_BYTES_MAX)
  return file
}

/** Bytes of the file at an address, by its headers; 0 if the server does not state them. Throws NotPublished, or `venue_unreachable`. */
export async function downloadBytes(url: string, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.any([signal, AbortSignal.timeout(SILENCE_MS_MAX)]),
    })
    if (response.status === 404) throw new NotPublished(url)
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    return Number(response.headers.get('content-length') ?? 0)
  } catch (error) {
    if (error instanceof NotPublished) throw error
    signal.throwIfAborted()
    throw unreachable(url, error as Error)
  }
}

async function fetchTo(
  url: string,
  file: string,
  { signal, progress }: DownloadOptions,
  bytesMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const part = `${file}.part`
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new Error(`no answer for ${SILENCE_MS_MAX / 1000} s`)), SILENCE_MS_MAX)
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, silence.signal]) })
    if (response.status === 404) throw new NotPublished(url)
    if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`)
    const total = Number(response.headers.get('content-length') ?? 0)
    let bytes = 0
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        timer.refresh()
        bytes += chunk.length
        if (bytes > bytesMax) throw new Error(`more than ${bytesMax} bytes`)
        progress(bytes, total)
        yield chunk
      }
    }
    await pipeline(Readable.fromWeb(response.body as never), counted, fs.createWriteStream(part, { mode: 0o600 }))
    if (total > 0 && bytes !== total) throw new Error(`${bytes} of ${total} bytes arrived`)
    fs.renameSync(part, file)
  } catch (error) {
    fs.rmSync(part, { force: true })
    if (error instanceof NotPublished) throw error
    signal.throwIfAborted()
    throw unreachable(url, error as Error)
  } finally {
    clearTimeout(timer)
  }
}

function unreachable(url: string, error: Error): TickhouseError {
  const { cause } = error
  const why = plainLine(cause instanceof Error ? cause.message : error.message, REASON_LENGTH_MAX)
  return new TickhouseError(
    'venue_unreachable',
    `cannot download ${url}: ${why}`,
    'Run it again: days that are stored are skipped. A mirror: --url; files that you have: --files.',
    { cause: error },
  )
}
