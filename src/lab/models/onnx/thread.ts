/** The thread that scores rows by an ONNX model: its runtime answers later, and the one that plays waits. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { workerData } from 'node:worker_threads'
import { READY, Shared } from './shared.ts'

export interface ThreadData {
  buffer: SharedArrayBuffer
  features: number
  /** The ONNX file. */
  bytes: Uint8Array
}

/** What is used of `onnxruntime-node`, which is no dependency: who plays such a model installs it. */
interface Runtime {
  InferenceSession: { create(bytes: Uint8Array, options: Record<string, unknown>): Promise<Session> }
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object
}
interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  run(feeds: Record<string, object>, outputs: readonly string[]): Promise<Record<string, Output>>
}
interface Output {
  type: string
  data: ArrayLike<number | bigint>
}

const PACKAGE = 'onnxruntime-node'
/** As skl2onnx and onnxmltools name it; otherwise the last output. */
const PROBABILITIES = 'probabilities'
/** One thread adds in one order: the same row has the same score. */
const OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, executionProviders: ['cpu'] }

const { buffer, features, bytes } = workerData as ThreadData
const shared = new Shared(buffer, features)
try {
  const { InferenceSession, Tensor } = await load()
  const session = await InferenceSession.create(bytes, OPTIONS)
  const [input, another] = session.inputNames
  if (input === undefined || another !== undefined)
    throw new Error(`it has ${session.inputNames.length} inputs, not one of all features`)
  const output = session.outputNames.find(name => name === PROBABILITIES) ?? session.outputNames.at(-1)!
  const row = new Float32Array(features)
  const feeds = { [input]: new Tensor('float32', row, [1, features]) }
  // The first row is of zeros: it shows whether input and output fit.
  for (;;) {
    const answer = (await session.run(feeds, [output]))[output]
    shared.values[features] = probabilityOf(answer, output)
    shared.set(READY)
    Atomics.wait(shared.state, 0, READY)
    for (let at = 0; at < features; at++) row[at] = shared.values[at]!
  }
} catch (error) {
  shared.fail((error as Error).message)
}

/** Beside tickhouse, or in the directory in which it was started. */
async function load(): Promise<Runtime> {
  const found = await import(PACKAGE).catch(async () => {
    const require = createRequire(path.join(process.cwd(), 'package.json'))
    return await import(pathToFileURL(require.resolve(PACKAGE)).href)
  })
  return (found as { default?: Runtime }).default ?? (found as Runtime)
}

/** Of the second class of two, or of the only one. */
function probabilityOf(answer: Output | undefined, output: string): number {
  const { type = 'no tensor', data = [] } = answer ?? {}
  const isFloat = type === 'float32' || type === 'float64'
  const probability = Number(data[data.length - 1])
  if (!isFloat || data.length < 1 || data.length > 2 || probability < 0 || probability > 1)
    throw new Error(`its output ${output} is ${type} of ${data.length} values, not the probabilities of two classes`)
  return probability
}
