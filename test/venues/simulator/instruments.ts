/** The simulated exchange answers as Binance does; simulator.test.ts reads what it really answers. */
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { evidence as binance } from '../binance/instruments.ts'

const { recorded: _, ...documented } = binance
export const evidence: InstrumentEvidence = documented
