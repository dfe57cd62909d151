/** CPU, memory and threads of a running process, from Linux's /proc. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

/** CPU seconds of all threads of a process, including ended ones. */
export function cpuSecondsOf(pid: number): number {
  return cpuSeconds(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** Resident bytes of a process, including shared libraries. */
export function residentBytesOf(pid: number): number {
  return Number(fs.readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes
}

/** Of these, bytes that are not pages of programs and files, which the kernel drops where memory is short. */
export function anonymousBytesOf(pid: number): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024
}

/** CPU seconds of the running threads of a process, summed by thread name. */
export function threadSecondsOf(pid: number): Map<string, number> {
  const byName = new Map<string, number>()
  for (const thread of fs.readdirSync(`/proc/${pid}/task`)) {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
      const name = Number(thread) === pid ? 'main' : stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      byName.set(name, (byName.get(name) ?? 0) + cpuSeconds(stat))
    } catch (error) {
      // The thread ended after the listing.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  return byName
}

/** User plus system time: the 14th and 15th field, counted from behind the name, which may contain any character. */
function cpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}
