/**
 * Where the time goes: CPU of the threads as the system counts it, and that of the main thread divided among the stages of a
 * tick's way as V8's samples fall.
 */
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

/**
 * The stage a function belongs to, by its file and name; a function of no stage counts for its caller. Order matters: the
 * first that matches.
 */
const STAGES: readonly [stage: string, url: RegExp, name?: RegExp][] = [
  [
    'socket and ws',
    /node_modules\/ws\/|^node:(net|internal\/stream_base|internal\/streams|stream|tls|events)|sources\/(socket|connection)\.ts/,
  ],
  ['decode', /sources\/(binance|coinbase|kraken|byte-scanner|decimal|json|reading)\.ts/],
  ['feed: counts and latency', /sources\/(feed|latency)\.ts/],
  ['encode records', /tick\/records\.ts/, /tradesRecord/],
  ['columns', /sources\/recorder\.ts/],
  ['hand records to the log', /log\/sqlite-appender\.ts|log\/sqlite\.ts/, /append|settle|send|admit/],
  ['read records of the log', /log\/sqlite/],
  ['decode records', /ingest\/decode\.ts|tick\/records\.ts/],
  ['validate', /ingest\/validate\.ts/],
  ['follow ids', /ingest\/(continuity|fill)\.ts/, /follow/],
  ['gather batch', /ingest\/(batch|fill)\.ts/, /addTrades|fill/],
  ['encode batch', /ingest\/batch\.ts/, /Block/],
  ['hand blocks to the engine', /store\/|node_modules\/(@clickhouse|chdb)\//],
  ['books and page', /serve\//],
]

/** Threads by their names; others are the engine's own, such as its pool for the columns of a part. */
const THREADS: readonly [stage: string, name: RegExp][] = [
  ['log thread', /WorkerThread|node-Worker/i],
  ['engine: merges', /MergeMutate/],
  ['garbage collection and compiling', /V8Worker|DelayedTask|Signal/i],
  ['libuv pool: files, and statements of the engine', /libuv/i],
]

/** V8's own thread that takes the samples. */
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

/** Loading modules: left out, since a round begins after it. */
const STARTING = 'starting up'

/** Of the samples in which the thread worked, each stage's part. */
function shares({ nodes, samples }: CpuProfile): Map<string, number> {
  const stageOfNode = new Map<number, string>()
  const byId = new Map(nodes.map(node => [node.id, node]))
  const visit = (id: number, inherited: string) => {
    const node = byId.get(id)!
    // Once starting up, everything below is: a module's own code would else count for its file's stage.
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
