/** `tickhouse upgrade`: replaces the processes of a running `start` by the version now on disk, and prints what happens. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { plainLine } from '../../plain-text.ts'
import type { UpgradeStatus } from '../../service.ts'
import { requestInstance } from './instance-request.ts'

const POLL_MS = 300
/** The process that answers is replaced too. Its store may take long to open. */
const SILENT_MS_MAX = 240_000
const LINE_LENGTH_MAX = 2_000

const advice =
  'Send SIGUSR2 to the process of tickhouse start, or set TICKHOUSE_LISTEN to its address. See docs/upgrade.md.'

/** True if all processes were replaced. Throws `process_unreachable`. */
export async function upgrade(config: Config): Promise<boolean> {
  const before = await statusOf(config)
  const response = await requestInstance(config, '/api/upgrade', { method: 'POST', advice })
  if (!response.ok)
    throw response.unreachable(`the upgrade was refused: HTTP ${response.status} ${await response.text()}`)
  let printed = 0
  let answeredMs = performance.now()
  for (;;) {
    await sleep(POLL_MS)
    const status = await statusOf(config).catch(() => undefined)
    if (status === undefined) {
      if (performance.now() - answeredMs > SILENT_MS_MAX)
        throw response.unreachable(`${config.LISTEN} no longer answers`)
      continue
    }
    answeredMs = performance.now()
    if (status === null || status.id === before?.id) continue
    for (const line of status.lines.slice(printed)) console.log(plainLine(line, LINE_LENGTH_MAX))
    printed = status.lines.length
    if (status.state !== 'running') return status.state === 'done'
  }
}

async function statusOf(config: Config): Promise<UpgradeStatus | null> {
  const response = await requestInstance(config, '/api/upgrade', { advice })
  if (response.status === 404)
    throw response.unreachable(`the process at ${config.LISTEN} was not started by tickhouse start`)
  if (!response.ok) throw response.unreachable(`${config.LISTEN} answers HTTP ${response.status}`)
  return response.json<UpgradeStatus | null>()
}
