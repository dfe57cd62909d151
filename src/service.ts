/** A running part of a process. `failed` rejects on an error that it cannot recover from; it never resolves. */
export interface Running {
  failed: Promise<never>
  /** Drains and stops, in seconds. */
  stop(): Promise<void>
}

/** A part with an HTTP server at `url`: `http://127.0.0.1:8080`. */
export interface Serving extends Running {
  url: string
}
