/** CPU by stage: threads by the system's counters, the main thread divided by V8's samples. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Bench, Contestant } from './contract.ts'
import { PROFILE_DIRECTORY, type ThreadUsage } from './profiling.ts'
import { runRound } from './rounds.ts'

export interface Profile {
  contestant: string
  stages: { stage: string; cpuPerMillion: number; share: number }[]
}

/** A part of V8's profile: the nodes of the call tree, and which node each sample hit. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string }; children?: number[] }[]
  samples: number[]
}

/** The stage of a function, by its file and name: the first match. A function without a stage counts for its caller. */
const STAGES: readonly [stage: string, url: RegExp, name?: RegExp][] = [
  [
    'socket and ws',
    /node_modules\/ws\/|^node:(net|internal\/stream_base|internal\/streams|stream|tls|events)|src\/sources\/connection\//,
  ],
  ['decode', /src\/venues\//],
  ['feed: counts and latency', /src\/sources\/(feed|feed-session|latency|metrics|venue-clock)\.ts/],
  ['encode records', /src\/tick\/records\.ts/, /tradesRecord/],
  ['columns', /src\/sources\/recorder\.ts/],
  ['send records to the log', /src\/log\/sqlite\/(appender|log)\.ts/, /append|settle|send/i],
  ['read records of the log', /src\/log\/sqlite\//],
  ['decode records', /src\/ingest\/decode\.ts|src\/tick\/records\.ts/],
  ['validate', /src\/ingest\/validate\.ts/],
  ['follow ids', /src\/ingest\/ids\//],
  ['follow ids', /src\/ingest\/validated-record\.ts/, /follow|lookups|resolve|place|setRun/],
  ['encode batch', /src\/ingest\/(batch|sealed-batch)\.ts/, /Block/],
  ['gather batch', /src\/ingest\/(batch|validated-record)\.ts/],
  ['send blocks to the engine', /src\/store\/|node_modules\/(@clickhouse|chdb)\//],
  ['watch list and page', /src\/(serve|status)\//],
]

/** Threads by name; all others are the engine's own. */
const THREADS: readonly [stage: string, name: RegExp][] = [
  ['log thread', /WorkerThread|node-Worker/i],
  ['engine: merges', /MergeMutate/],
  ['garbage collection and compiling', /V8Worker|DelayedTask|Signal/i],
  ['libuv pool: files, and statements of the engine', /libuv/i],
]

/** V8's sampling thread. */
const PROFILER = /ProfEv|Sampl/i

/** Runs one more round of a contestant under the profiler. */
export async function profileRound(bench: Bench, contestant: Contestant): Promise<Profile> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-profile-'))
  process.env[PROFILE_DIRECTORY] = directory
  try {
    await runRound(bench, contestant)
    const usages = fs
      .readdirSync(directory)
      .filter(name => name.endsWith('.usage.json'))
      .map(name => JSON.parse(fs.readFileSync(path.join(directory, name), 'utf8')) as ThreadUsage)
    return { contestant: contestant.name, stages: stagesOf(usages) }
  } finally {
    delete process.env[PROFILE_DIRECTORY]
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

function stagesOf(usages: readonly ThreadUsage[]): Profile['stages'] {
  const perMillion = new Map<string, number>()
  const add = (part: string, stage: string, value: number) => {
    const name = usages.length > 1 ? `${part}: ${stage}` : stage
    perMillion.set(name, (perMillion.get(name) ?? 0) + value)
  }
  for (const { part, count, seconds, profile } of usages) {
    for (const [thread, cpu] of Object.entries(seconds)) {
      if (PROFILER.test(thread)) continue
      const cost = (cpu / count) * 1e6
      if (thread === 'main') {
        for (const [stage, share] of shares(JSON.parse(fs.readFileSync(profile, 'utf8'))))
          add(part, stage, cost * share)
      } else add(part, THREADS.find(([, name]) => name.test(thread))?.[0] ?? 'engine: other threads', cost)
    }
  }
  const total = [...perMillion.values()].reduce((sum, value) => sum + value, 0)
  return [...perMillion]
    .map(([stage, cpuPerMillion]) => ({ stage, cpuPerMillion, share: cpuPerMillion / total }))
    .filter(({ share }) => share >= 0.001)
    .sort((a, b) => b.share - a.share)
}

/** Loading modules: left out, since a round starts after it. */
const STARTING = 'starting up'

/** Each stage's share of the samples in which the thread was busy. */
function shares({ nodes, samples }: CpuProfile): Map<string, number> {
  const stageOfNode = new Map<number, string>()
  const byId = new Map(nodes.map(node => [node.id, node]))
  const visit = (id: number, inherited: string) => {
    const node = byId.get(id)!
    // Everything below module loading counts as starting up: top-level code would else count for its file's stage.
    const stage = inherited === STARTING ? STARTING : (stageOf(node.callFrame) ?? inherited)
    stageOfNode.set(id, stage)
    for (const child of node.children ?? []) visit(child, stage)
  }
  visit(nodes[0]!.id, 'the rest')
  const counts = new Map<string, number>()
  let total = 0
  for (const sample of samples) {
    const { functionName } = byId.get(sample)!.callFrame
    const stage = stageOfNode.get(sample)!
    if (functionName === '(idle)' || stage === STARTING) continue
    total++
    counts.set(stage, (counts.get(stage) ?? 0) + 1)
  }
  return new Map([...counts].map(([stage, count]) => [stage, count / total]))
}

function stageOf({ functionName, url }: CpuProfile['nodes'][number]['callFrame']): string | undefined {
  if (url.startsWith('node:internal/modules/')) return STARTING
  if (functionName === '(garbage collector)') return 'garbage collection and compiling'
  return STAGES.find(([, file, name]) => file.test(url) && (name?.test(functionName) ?? true))?.[0]
}
