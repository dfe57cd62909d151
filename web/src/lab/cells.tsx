/** Cells that the lab's tables share. */
import type { ComponentChildren } from 'preact'
import { serverNowMs, symbolKey, symbols } from '../store.ts'
import { day, decimal, timeOfDay } from '../ui/format.ts'
import { zone } from '../view.ts'

/** A signed number, with a colour that its sign repeats. */
export function Signed({ text, unit }: { text: string; unit?: string }) {
  const tone = text.startsWith('+') ? 'up' : text.startsWith('−') ? 'down' : ''
  return (
    <span class={`lab-signed ${tone}`}>
      {text}
      {unit && ` ${unit}`}
    </span>
  )
}

/** An amount of money with its sign: +1,204.10. */
export function signedMoney(value: number, capital: number): string {
  const text = money(Math.abs(value), capital)
  return `${Number(text.replaceAll(',', '')) === 0 ? '' : value > 0 ? '+' : '−'}${text}`
}

/** Of strategies with this capital: coins, of which they have few, with more decimals. */
export const money = (value: number, capital: number): string =>
  decimal(value, capital < 1_000 ? 6 : 2).replace('-', '−')

/** A share in percent: 12.4 %. */
export const share = (value: number, decimals = 1): string => `${decimal(value * 100, decimals).replace('-', '−')} %`

const QUANTITY = new Intl.NumberFormat('en-US', { maximumFractionDigits: 8 })
export const quantity = (value: number): string => QUANTITY.format(value).replace('-', '−')

/** A price in the precision of its instrument, or as it is where that is not recorded any more. */
export function price(venue: string, symbol: string, value: number): string {
  const decimals = symbols.value.get(symbolKey(venue, symbol))?.peek().decimals
  return decimals === undefined ? QUANTITY.format(value) : decimal(value, decimals)
}

/** A time of today, or with its date. */
export function Time({ atMs }: { atMs: number }) {
  const date = day(atMs, zone.value)
  return (
    <time>
      {date !== day(serverNowMs.value, zone.value) && <span class="quiet">{date.slice(5)} </span>}
      {timeOfDay(atMs, zone.value)}
    </time>
  )
}

export function Side({ side }: { side: 'buy' | 'sell' }) {
  return <span class={side === 'buy' ? 'up' : 'down'}>{side}</span>
}

interface TableProps {
  name: string
  title: string
  /** Beside the title. */
  note?: ComponentChildren
  /** Columns that are text begin with `<`; the others are numbers. */
  head: readonly string[]
  /** Null while it is read. */
  rows: readonly (readonly ComponentChildren[])[] | null
  empty: string
}

/** A panel with one table. */
export function TablePanel({ name, title, note, head, rows, empty }: TableProps) {
  return (
    <section class={`panel lab-${name}`} aria-label={title} data-testid={`lab-${name}`}>
      <header class="panel-head">
        <h2>{title}</h2>
        <span class="spring" />
        <span class="quiet">{note}</span>
      </header>
      {rows && rows.length > 0 ? (
        <div class="rows lab-rows">
          <table class="lab-table">
            <thead>
              <tr>
                {head.map(cell => (
                  <th key={cell} scope="col" class={cell.startsWith('<') ? 'text' : undefined}>
                    {cell.replace('<', '')}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((cells, row) => (
                <tr key={row}>
                  {cells.map((cell, column) => (
                    <td key={column} class={head[column]!.startsWith('<') ? 'text' : undefined}>
                      {cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p class="hint quiet">{rows ? empty : 'Reading…'}</p>
      )}
    </section>
  )
}
