/**
 * Says what is wrong at the end of a simulated repair. It knows what the venue issued, what its REST withheld, and the
 * tables; it knows nothing of repair or ingest.
 */
import type { Row } from '../blocks.ts'
import { finalGaps } from '../tables.ts'
import { WEIGHT_MAX } from './rest.ts'
import type { IssuedTrade } from './venue.ts'
import { type RepairWorld, SIMULATED_TIMINGS } from './world.ts'

/** Answers without an id before it may be called not supplied. */
const WITHHELD_MIN = 3

export interface RepairJudgement {
  issued: number
  stored: number
  /** Ids that stand in `gaps`. */
  named: number
  wrong: string[]
}

export function judgeRepair(world: RepairWorld): RepairJudgement {
  const { rest, venue, server } = world
  const judgement: RepairJudgement = { issued: 0, stored: 0, named: 0, wrong: [] }
  const { wrong } = judgement
  if (rest.provoked > 0) wrong.push(`${rest.provoked} requests before the end of a pause that was known`)
  if (rest.weightMax > WEIGHT_MAX) wrong.push(`weight ${rest.weightMax} in a minute`)
  if (world.late && rest.forGood === undefined) wrong.push('not all repaired in the time that it has')
  const gaps = finalGaps(server.tables.of('gaps'))
  for (const symbol of venue.symbols) {
    const rows = server.tables.of('trades').filter(row => row.symbol === symbol)
    judgeSymbol(
      world,
      venue.issued.get(symbol)!,
      rows,
      gaps.filter(row => row.symbol === symbol),
      judgement,
    )
  }
  return judgement
}

function judgeSymbol(
  world: RepairWorld,
  issued: readonly IssuedTrade[],
  rows: readonly Row[],
  gaps: readonly Row[],
  judgement: RepairJudgement,
): void {
  const { wrong } = judgement
  const storedAs = new Map<IssuedTrade, Row>()
  const byId = Map.groupBy(issued, ({ id }) => id)
  for (const row of rows) {
    const trade = byId.get(row.trade_id)?.find(one => isTheSame(one, row, world.rest.inMs))
    if (!trade) wrong.push(`${row.symbol} ${row.trade_id} at ${row.timestamp} was never issued so`)
    else if (storedAs.has(trade)) wrong.push(`${row.symbol} ${row.trade_id} is stored twice`)
    else storedAs.set(trade, row)
  }
  judgement.issued += issued.length
  judgement.stored += storedAs.size
  for (const own of Map.groupBy(issued, ({ series }) => series).values()) {
    const known = own.filter(trade => storedAs.has(trade))
    const runs = new Set(known.map(trade => storedAs.get(trade)!.id_run))
    // What came before the first trade of a series, or after its last one, is not known to be missing.
    const [first, last] = [known[0]?.id ?? 0, known.at(-1)?.id ?? -1]
    for (const trade of own) {
      if (trade.id < first || trade.id > last || storedAs.has(trade)) continue
      const of = gaps.filter(
        gap => runs.has(gap.id_run) && gap.first_id <= trade.id && gap.last_id >= trade.id && gap.state !== 'repaired',
      )
      judgement.named++
      const why = of.length === 0 ? 'is neither stored nor in gaps' : unduly(world, trade, of.at(-1)!)
      if (why) wrong.push(`${trade.symbol} ${trade.id} ${why}`)
    }
  }
}

function isTheSame({ micros, price, volume, side }: IssuedTrade, row: Row, inMs: boolean): boolean {
  const nanos = BigInt(micros) * 1000n
  const isAt = row.timestamp === nanos || (inMs && row.timestamp === (nanos / 1_000_000n) * 1_000_000n)
  return isAt && row.price === Number(price) && row.volume === Number(volume) && row.side === side
}

/** Why a trade may not be missing in this state; undefined if it may. */
function unduly({ rest }: RepairWorld, trade: IssuedTrade, { state, reason }: Row): string | undefined {
  if (state === 'open') return rest.forGood ? undefined : 'is open, and nothing refuses it'
  if (reason === '') return 'has no reason'
  const isDenied = rest.deniedMs >= SIMULATED_TIMINGS.repairDeniedMs
  const isWithheld = (rest.withheld.get(trade) ?? 0) >= WITHHELD_MIN
  return isDenied || isWithheld || !rest.has(trade) ? undefined : `is ${state} (${reason}), and the venue has it`
}
