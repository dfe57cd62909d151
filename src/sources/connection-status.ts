/** How one connection to a venue fares. */
export interface ConnectionStatus {
  id: string
  venue: string
  url: string
  state: 'connecting' | 'open' | 'waiting' | 'closed'
  symbols: number
  ticksPerSecond: number
  framesPerSecond: number
  /** Since start. */
  ticks: number
  refused: number
  reconnects: number
  lastFrameAgeMs: number | null
  /** Venue's time to our socket; negative when the venue's clock is ahead. */
  latencyMs: { p50: number; p99: number; max: number } | null
}
