/** Recent closes as one thin line, scaled to its own range, in the colour of its change. */
import { Component } from 'preact'

const WIDTH = 52
const HEIGHT = 16

/** Redraws only when the server sent new closes. */
export class Sparkline extends Component<{ closes: number[] | undefined }> {
  override shouldComponentUpdate(next: { closes: number[] | undefined }): boolean {
    return next.closes !== this.props.closes
  }

  override render() {
    const { closes } = this.props
    if (!closes || closes.length < 2)
      return <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />
    const low = Math.min(...closes)
    const span = Math.max(...closes) - low || 1
    const step = WIDTH / (closes.length - 1)
    const points = closes.map(
      (close, index) =>
        `${(index * step).toFixed(1)},${(HEIGHT - 1.5 - ((close - low) / span) * (HEIGHT - 3)).toFixed(1)}`,
    )
    const direction = closes.at(-1)! >= closes[0]! ? 'up' : 'down'
    return (
      <svg class={`sparkline ${direction}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
        <polyline points={points.join(' ')} />
      </svg>
    )
  }
}
