/** Runs calls in sequence in an engine of its own, reports each start and finding, and exits after a finding. */
import { once } from 'node:events'
import { openEngine } from '../../../src/store/embedded/engine.ts'
import { UNTRUSTED_LIMITS } from '../../../src/store/sql.ts'

/** Of one call over one row: the linear ones take a tenth of it. */
const CPU_MS_MAX = 2_000
const LOOK_EVERY_MS = 100

export type Found = { at: number; found: 'slow' | 'died' } | { at: number; found: null }

const [directory] = process.argv.slice(2)
const engine = await openEngine(directory!, { insertSessions: 0, querySessions: 1, waitingMax: 1 })
process.send!('ready')
const [calls] = (await once(process, 'message')) as [string[]]
const cpuMs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

let at = 0
let beganCpuMs = cpuMs()
function end(found: 'slow' | 'died'): void {
  process.send!({ at, found } satisfies Found, () => process.kill(process.pid, 'SIGKILL'))
}
engine.failed.catch(() => end('died'))
setInterval(() => {
  if (cpuMs() - beganCpuMs > CPU_MS_MAX) end('slow')
  // An engine that died fails the next query.
  else if (cpuMs() - beganCpuMs > LOOK_EVERY_MS) engine.run({ query: 'SELECT 1', format: 'Null' }).catch(() => {})
}, LOOK_EVERY_MS)
for (; at < calls.length; at++) {
  beganCpuMs = cpuMs()
  await engine.run({ query: `SELECT ${calls[at]}`, format: 'Null', settings: UNTRUSTED_LIMITS }).catch(() => {})
}
process.send!({ at, found: null } satisfies Found, () => process.kill(process.pid, 'SIGKILL'))
