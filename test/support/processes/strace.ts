/** Breaks a running process at a chosen system call, with strace: see `man strace`, tampering. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EventName } from '../../../src/telemetry/events.ts'
import type { StoringTask } from './storing-child.ts'

const CHILD = fileURLToPath(new URL('./storing-child.ts', import.meta.url))

/** For a test's `skip`: false where strace is there and may trace, else why not. */
export function skipWithoutStrace(): string | false {
  const { status } = spawnSync('strace', ['-o', '/dev/null', 'true'])
  return status === 0 ? false : 'needs strace, and the right to trace'
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** Its events. */
  logged: EventName[]
}

/**
 * Runs a storing child and, once it is ready, injects a fault: `rename:signal=SIGKILL:when=3` at the third rename of
 * any one thread. One thread does all inserts, so the count is similar in every run.
 */
export async function storeInChild(task: StoringTask, inject?: string): Promise<Ended> {
  const child = fork(CHILD, [JSON.stringify(task)], { env: { ...process.env, UV_THREADPOOL_SIZE: '1' } })
  const ended = once(child, 'exit') as Promise<[Ended['code'], Ended['signal']]>
  await Promise.race([once(child, 'message'), ended.then(how => Promise.reject(new Error(`not ready: ${how}`)))])
  const logged: EventName[] = []
  child.on('message', event => logged.push(event as EventName))
  const tracer = inject === undefined ? undefined : await attach(child, inject)
  child.send('go')
  const [code, signal] = await ended
  if (child.connected) await once(child, 'disconnect')
  if (tracer?.exitCode === null) await once(tracer, 'exit')
  return { code, signal, logged }
}

async function attach(child: ChildProcess, inject: string): Promise<ChildProcess> {
  const calls = inject.slice(0, inject.indexOf(':'))
  const tracer = spawn(
    'strace',
    ['-f', '-p', String(child.pid), '-o', '/dev/null', '-e', `trace=${calls}`, '-e', `inject=${inject}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  // Its first output means that it is attached to all threads.
  await once(tracer.stderr!, 'data')
  return tracer
}
