/**
 * Probabilities by an ONNX model. A run plays tick by tick and cannot wait for a promise, and the runtime has no other answer: it runs in a thread of its own,
 * for which this one waits at each sample, about 0.1 ms.
 */
import { Worker } from 'node:worker_threads'
import { TickhouseError } from '../../../errors.ts'
import type { ReadFile } from '../../strategy.ts'
import { FAILED, READY, REQUESTED, Shared, STARTING } from './shared.ts'
import type { ThreadData } from './thread.ts'

const WAIT_MS_MAX = 60_000

/** A strategy is made again each time that it is played: one thread for each model. */
const started = new Map<string, Onnx>()

export class Onnx {
  readonly #path: string
  readonly #features: number
  readonly #shared: Shared

  /** `base64`: of the ONNX file in `file`. Throws `config_invalid` without the runtime, and for a model that does not fit. */
  static of(file: ReadFile, base64: string, features: number): Onnx {
    const found = started.get(file.sha256) ?? new Onnx(file.path, base64, features)
    started.set(file.sha256, found)
    return found
  }

  private constructor(path: string, base64: string, features: number) {
    const buffer = new SharedArrayBuffer(Shared.bytesOf(features))
    this.#path = path
    this.#features = features
    this.#shared = new Shared(buffer, features)
    const workerData: ThreadData = { buffer, features, bytes: Buffer.from(base64, 'base64') }
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData })
    // What fails there is a state of the buffer; and it ends with the process.
    worker.on('error', () => {})
    worker.unref()
    this.#wait(STARTING)
  }

  /** Of the second class; NaN where the model gives none. `values` in the order of the features, rounded to float32. */
  probability(values: Float64Array): number {
    const shared = this.#shared
    shared.values.set(values)
    shared.set(REQUESTED)
    this.#wait(REQUESTED)
    return shared.values[this.#features]!
  }

  #wait(state: number): void {
    const shared = this.#shared
    Atomics.wait(shared.state, 0, state, WAIT_MS_MAX)
    const reached = Atomics.load(shared.state, 0)
    if (reached === READY) return
    const why = reached === FAILED ? shared.message : `no answer within ${WAIT_MS_MAX / 1000} s`
    if (/cannot find (package|module)/i.test(why))
      throw new TickhouseError(
        'config_invalid',
        `${this.#path} is an ONNX model, and onnxruntime-node, which scores it, is not installed`,
        'Install it in the directory in which you start tickhouse, or beside tickhouse: npm i --ignore-scripts onnxruntime-node',
      )
    throw new TickhouseError(
      'config_invalid',
      `the ONNX model of ${this.#path} cannot be played: ${why}`,
      `It takes one float input of ${this.#features} features and gives the probabilities of two classes (zipmap off): docs/lab-models.md.`,
    )
  }
}
