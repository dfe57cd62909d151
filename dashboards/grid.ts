/** Positions for the panels of a row on Grafana's grid of 24 columns. */
import type { GridPos } from '@grafana/grafana-foundation-sdk/dashboard'

const COLUMNS = 24

interface Size {
  w: number
  h: number
}

/**
 * Each panel at the topmost free position, from the left, that fits its width: beside each other, and below a low
 * neighbour of a high panel. Panels of one height share the whole width of their last line. Returns a position for each
 * size, in grid rows from 0, and the total height.
 */
export function placed(sizes: readonly Size[]): { positions: GridPos[]; height: number } {
  const filled = new Array<number>(COLUMNS).fill(0)
  const positions = lastLineFilled(sizes).map(({ w, h }) => {
    const candidates = Array.from({ length: COLUMNS - w + 1 }, (_, x) => ({
      x,
      y: Math.max(...filled.slice(x, x + w)),
    }))
    const { x, y } = candidates.reduce((best, each) => (each.y < best.y ? each : best))
    filled.fill(y + h, x, x + w)
    return { x, y, w, h }
  })
  return { positions, height: Math.max(...filled) }
}

function lastLineFilled(sizes: readonly Size[]): readonly Size[] {
  if (new Set(sizes.map(({ h }) => h)).size > 1) return sizes
  let used = 0
  let lineStart = 0
  for (const [index, { w }] of sizes.entries()) {
    if (used + w > COLUMNS) [used, lineStart] = [0, index]
    used += w
  }
  const count = sizes.length - lineStart
  if (used === COLUMNS || COLUMNS % count !== 0) return sizes
  return sizes.map((size, index) => (index < lineStart ? size : { ...size, w: COLUMNS / count }))
}
