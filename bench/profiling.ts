/** The profiled process: writes its results for `profile.ts` into the directory named by the environment. */
import fs from 'node:fs'
import { Session } from 'node:inspector/promises'
import path from 'node:path'
import { threadSecondsOf } from './processes.ts'

/** Set for the profiled round only. */
export const PROFILE_DIRECTORY = 'BENCH_PROFILE_DIRECTORY'

/** CPU of each thread of a process for a piece of work. */
export interface ThreadUsage {
  part: string
  /** Trades or frames of the work. */
  count: number
  /** By thread name; `main` runs the JavaScript. */
  seconds: Record<string, number>
  /** File of the main thread's profile. */
  profile: string
}

/** Profiles this process's main thread and measures its threads' CPU until `end`; undefined in an unprofiled round. */
export async function profileThis() {
  const directory = process.env[PROFILE_DIRECTORY]
  if (directory === undefined) return undefined
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.start')
  const before = threadSecondsOf(process.pid)
  return {
    end: async (count: number) => {
      const seconds = difference(before, threadSecondsOf(process.pid))
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      const file = path.join(directory, 'main.cpuprofile')
      fs.writeFileSync(file, JSON.stringify(profile))
      writeUsage(directory, { part: 'process', count, seconds, profile: file })
    },
  }
}

export function difference(before: Map<string, number>, after: Map<string, number>): Record<string, number> {
  return Object.fromEntries([...after].map(([name, seconds]) => [name, seconds - (before.get(name) ?? 0)]))
}

export function writeUsage(directory: string, usage: ThreadUsage): void {
  fs.writeFileSync(path.join(directory, `${usage.part}.usage.json`), JSON.stringify(usage))
}
