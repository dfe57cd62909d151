/**
 * `start`, the default: `record` and `ingest` as two supervised processes; chooses what to record if nothing is
 * configured.
 */
import { chooseSources } from '../launcher/first-run.ts'
import type { Mode } from '../launcher/process.ts'
import { simulate } from '../launcher/simulated-exchange.ts'
import { superviseProcesses } from '../launcher/supervisor.ts'
import { parseSources } from '../sources/selection.ts'

/** Throws TickhouseErrors. */
export const start: Mode = async (config, journal) => {
  const { sources, simulated } = await chooseSources(config.SOURCES, config.LOG)
  if (simulated) journal.emit('simulated', simulated)
  const simulation = await simulate(parseSources(sources), config)
  const processes = superviseProcesses(
    {
      ...config,
      SOURCES: sources,
      SIMULATOR_WS: config.SIMULATOR_WS ?? simulation?.wsUrl,
      SIMULATOR_REST: config.SIMULATOR_REST ?? simulation?.restUrl,
    },
    simulated,
    journal.emit,
  )
  const upgrade = () => void processes.upgrade()
  process.on('SIGUSR2', upgrade)
  return {
    failed: processes.failed,
    stop: () => {
      process.off('SIGUSR2', upgrade)
      return processes.stop().finally(() => simulation?.stop())
    },
  }
}
