/** A running part of a process. `failed` rejects on an error that it cannot recover from; it never resolves. */
export interface Running {
  failed: Promise<never>
  /** Drains and stops, in seconds. */
  stop(): Promise<void>
  /**
   * Waits before a stop until another process is shown to do the same work; absent where none can. True if this one
   * should stop now, false if it goes on.
   */
  leave?(options: LeaveOptions): Promise<boolean>
}

export interface LeaveOptions {
  /** Goes on unless the other one is shown to do the same. Without it, the wait is bounded by a setting. */
  onlyIfProved: boolean
  /** Ends the wait. */
  signal: AbortSignal
  /** Called with what is missing, as a line. */
  onProgress?: (line: string) => void
}

/** A part with an HTTP server at `url`: `http://127.0.0.1:8080`. */
export interface Serving extends Running {
  url: string
}

/** An upgrade of the processes of `start`: what was done, as lines for people. */
export interface UpgradeStatus {
  /** Unique. */
  id: string
  /** `rolled back`: nothing was replaced. `failed`: the recorder was replaced, but not all processes. */
  state: 'running' | 'done' | 'rolled back' | 'failed'
  lines: readonly string[]
}

/** How a process reaches the supervisor that started it. */
export interface Supervision {
  requestUpgrade(): void
  /** The last upgrade; null if there was none. */
  upgrade(): UpgradeStatus | null
}
