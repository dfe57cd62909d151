/** What each strategy holds. */
import type { LabPosition, LabRun } from '../../../src/serve/lab/protocol.ts'
import { symbolKey, symbols } from '../store.ts'
import { money, quantity, Signed, signedMoney, TablePanel } from './cells.tsx'
import { isLive, totalOf } from './shown-run.ts'
import { worthOf } from './worth.ts'

/** While a run is live its positions are valued at the last trade; later that would state nothing about the run. */
export function Positions({ positions, run }: { positions: readonly LabPosition[] | null; run: LabRun }) {
  const live = isLive(run)
  const { capital } = totalOf(run.strategies)
  const rows = positions?.map(position => {
    const { strategy, venue, symbol, paid } = position
    const now = live ? worthOf(position, symbols.value.get(symbolKey(venue, symbol))?.value.last) : null
    return [
      strategy,
      <span key="symbol" title={venue}>
        <b>{symbol}</b>
      </span>,
      <Signed key="quantity" text={`${position.quantity > 0 ? '+' : ''}${quantity(position.quantity)}`} />,
      money(paid, capital),
      ...(live ? [now ? <Signed key="won" text={signedMoney(now.won, capital)} /> : '–'] : []),
    ]
  })
  return (
    <TablePanel
      name="positions"
      title="Positions"
      note={live ? 'at the last trades' : 'at the end'}
      head={['<strategy', '<symbol', 'quantity', 'paid', ...(live ? ['open result'] : [])]}
      rows={rows ?? null}
      empty="Nothing is held."
    />
  )
}
