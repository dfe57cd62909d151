import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Sizes in the write-ahead log, from sqlite.org/fileformat2.html#the_write_ahead_log. */
const WAL_HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/**
 * The highest page that is neither in the main file nor in the write-ahead log; undefined if none is missing. SQLite
 * detects a main file that is too short only while the write-ahead log is empty, and the next checkpoint would fill the
 * hole with zeros. No process may write or checkpoint meanwhile.
 */
export function lastPageMissing(mainPath: string, walPath: string): number | undefined {
  const main = openSync(mainPath, 'r')
  try {
    const header = Buffer.alloc(100)
    readSync(main, header, 0, 100, 0)
    const pageBytes = pageSize(header)
    const wal = readFrames(walPath, pageBytes)
    const mainPages = Math.floor(fstatSync(main).size / pageBytes)
    for (let page = wal?.databasePages ?? header.readUInt32BE(28); page > mainPages; page--) {
      if (!wal?.framePages.has(page)) return page
    }
    return undefined
  } finally {
    closeSync(main)
  }
}

function pageSize(header: Buffer): number {
  const written = header.readUInt16BE(16)
  return written === 1 ? 65_536 : written
}

/** The database's size in pages after the last commit in the write-ahead log, and the pages in it up to that commit. */
function readFrames(path: string, pageBytes: number): { databasePages: number; framePages: Set<number> } | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const header = Buffer.alloc(WAL_HEADER_BYTES)
    if (readSync(file, header, 0, WAL_HEADER_BYTES, 0) < WAL_HEADER_BYTES) return undefined
    const salts = header.subarray(16, 24)
    const frame = Buffer.alloc(FRAME_HEADER_BYTES)
    const framePages = new Set<number>()
    let uncommitted: number[] = []
    let databasePages: number | undefined
    for (let at = WAL_HEADER_BYTES; ; at += FRAME_HEADER_BYTES + pageBytes) {
      // Frames with other salts are from before the write-ahead log was restarted.
      if (readSync(file, frame, 0, FRAME_HEADER_BYTES, at) < FRAME_HEADER_BYTES) break
      if (!frame.subarray(8, 16).equals(salts)) break
      uncommitted.push(frame.readUInt32BE(0))
      const pagesAfterCommit = frame.readUInt32BE(4)
      if (pagesAfterCommit === 0) continue
      databasePages = pagesAfterCommit
      for (const page of uncommitted) framePages.add(page)
      uncommitted = []
    }
    return databasePages === undefined ? undefined : { databasePages, framePages }
  } finally {
    closeSync(file)
  }
}
