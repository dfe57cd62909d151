/** A part of the house that runs. `failed` rejects if it cannot go on; it never resolves. */
export interface Running {
  failed: Promise<never>
  /** Drains and stops, in seconds. */
  stop(): Promise<void>
}

/** One that others reach by its address, `http://127.0.0.1:8080`. */
export interface Serving extends Running {
  url: string
}
