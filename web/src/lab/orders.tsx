/** The last orders and fills of a run. */
import type { LabFill, LabOrder } from '../../../src/serve/lab/protocol.ts'
import { count as countText } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { money, price, quantity, Side, TablePanel, Time } from './cells.tsx'

export function Fills({ fills, count, capital }: { fills: readonly LabFill[] | null; count: number; capital: number }) {
  const rows = fills?.map(fill => [
    <Time key="time" atMs={fill.atMs} />,
    fill.strategy,
    <Side key="side" side={fill.side} />,
    fill.symbol,
    quantity(fill.quantity),
    price(fill.venue, fill.symbol, fill.price),
    <span key="fee" class="with-mark" title={feeText(fill)}>
      {fill.isLarge && <StatusIcon kind="warn" />}
      {money(fill.fee, capital)}
    </span>,
  ])
  return (
    <TablePanel
      name="fills"
      title="Fills"
      note={`${countText(count)}, newest first`}
      head={['<time', '<strategy', '<side', '<symbol', 'quantity', 'price', 'fee']}
      rows={rows ?? null}
      empty="Nothing was filled."
    />
  )
}

const feeText = ({ isMaker, isLarge }: LabFill): string =>
  `${isMaker ? 'maker' : 'taker'}${isLarge ? '; large: the market would have moved' : ''}`

export function Orders({ orders }: { orders: readonly LabOrder[] | null }) {
  const rows = orders?.map(order => [
    <Time key="time" atMs={order.sentAtMs} />,
    order.strategy,
    <Side key="side" side={order.side} />,
    order.symbol,
    quantity(order.quantity),
    order.limitPrice === 0 ? <span class="quiet">market</span> : price(order.venue, order.symbol, order.limitPrice),
    <span key="state" class={order.state === 'refused' ? 'lab-off' : undefined} title={order.reason || undefined}>
      {order.state}
    </span>,
  ])
  return (
    <TablePanel
      name="orders"
      title="Orders"
      note="in their final state"
      head={['<time', '<strategy', '<side', '<symbol', 'quantity', 'limit', '<state']}
      rows={rows ?? null}
      empty="No order has ended."
    />
  )
}
