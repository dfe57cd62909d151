/** All benchmarks, in the order of the pipeline. */
import type { Bench } from '../contract.ts'
import { archive } from './archive.ts'
import { backfill } from './backfill.ts'
import { besideLab } from './beside-lab.ts'
import { completeness } from './completeness.ts'
import { cost } from './cost.ts'
import { coverage } from './coverage.ts'
import { dashboards } from './dashboards.ts'
import { decode } from './decode.ts'
import { diagnostics } from './diagnostics.ts'
import { freshness } from './freshness.ts'
import { idle } from './idle.ts'
import { ingest } from './ingest.ts'
import { joins } from './joins.ts'
import { kafka } from './kafka.ts'
import { lab } from './lab.ts'
import { load } from './load.ts'
import { log } from './log.ts'
import { memory } from './memory.ts'
import { page } from './page.ts'
import { repeats } from './repeats.ts'
import { replay } from './replay.ts'
import { socket } from './socket.ts'
import { whole } from './whole.ts'

export const BENCHES: readonly Bench[] = [
  decode,
  log,
  ingest,
  repeats,
  whole,
  diagnostics,
  completeness,
  kafka,
  socket,
  memory,
  idle,
  load,
  page,
  freshness,
  archive,
  lab,
  besideLab,
  backfill,
  cost,
  replay,
  dashboards,
  joins,
  coverage,
]

export function findBench(name: string): Bench | undefined {
  return BENCHES.find(bench => bench.name === name)
}
