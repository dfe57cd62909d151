/** A list that draws only the rows in sight: thousands of symbols or lines cost one screenful. */
import type { ComponentChildren, HTMLAttributes, RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

const ROWS_BEYOND = 4

export interface VirtualListProps {
  /** The scrolling element; give it a role and handlers through `attributes`. */
  attributes: HTMLAttributes<HTMLDivElement>
  rowCount: number
  rowHeightPx: number
  /** Draws one row; it must set its own key. */
  row: (index: number) => ComponentChildren
  /** A row to bring into sight when this changes. */
  revealed?: number
  /** Keeps the end in sight as rows are added. */
  followsEnd?: boolean
  /** Rows `first` to `end`-1 are drawn. */
  onRange?: (range: { first: number; end: number }) => void
  /** The reader scrolled: true when the end is in sight. */
  onScrolled?: (atEnd: boolean) => void
}

export function VirtualList(props: VirtualListProps) {
  const { attributes, rowCount, rowHeightPx, row, revealed, followsEnd, onRange, onScrolled } = props
  const host = useRef<HTMLDivElement>(null)
  const [range, setRange] = useState({ first: 0, end: 0 })

  const measure = () => {
    const element = host.current
    // The size observer may call once more when the list is already gone.
    if (!element) return
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeightPx) - ROWS_BEYOND)
    const end = Math.ceil((element.scrollTop + element.clientHeight) / rowHeightPx) + ROWS_BEYOND
    setRange(held => (held.first === first && held.end === end ? held : { first, end }))
  }

  useSize(host, measure, [rowHeightPx])
  useLayoutEffect(() => onRange?.(range), [range])
  useLayoutEffect(() => {
    if (followsEnd) host.current!.scrollTop = rowCount * rowHeightPx
    measure()
  }, [rowCount, followsEnd])
  useLayoutEffect(() => {
    if (revealed === undefined || revealed < 0) return
    const element = host.current!
    const top = revealed * rowHeightPx
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + rowHeightPx > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + rowHeightPx - element.clientHeight
    }
  }, [revealed])

  const onScroll = () => {
    measure()
    const element = host.current!
    onScrolled?.(element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeightPx)
  }

  const rows: ComponentChildren[] = []
  for (let index = range.first; index < Math.min(range.end, rowCount); index++) rows.push(row(index))
  return (
    <div ref={host} onScroll={onScroll} {...attributes}>
      <div class="virtual-rows" role="presentation" style={{ height: `${rowCount * rowHeightPx}px` }}>
        {rows}
      </div>
    </div>
  )
}

/** Calls back after the first layout and whenever the element's size changes. */
export function useSize(host: RefObject<HTMLElement | null>, onSize: () => void, inputs: unknown[] = []): void {
  useEffect(() => {
    // An observer may report once more when its element is gone.
    const observer = new ResizeObserver(() => host.current && onSize())
    observer.observe(host.current!)
    return () => observer.disconnect()
  }, inputs)
}

/** The place of a row within the list. */
export const rowStyle = (index: number, rowHeightPx: number) => ({ transform: `translateY(${index * rowHeightPx}px)` })
