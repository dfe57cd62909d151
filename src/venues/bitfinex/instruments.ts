/** Bitfinex's lists of pairs: https://docs.bitfinex.com/reference/rest-public-conf. They state names only. */
import { type Instrument, type InstrumentKind, type InstrumentList, instrument, type ListPage } from '../instruments.ts'

const LISTS: Readonly<Record<string, InstrumentKind>> = { exchange: 'spot', futures: 'perpetual' }
const path = (list: string) => `/v2/conf/pub:list:pair:${list}`

export const bitfinexInstruments: InstrumentList = {
  requests: Object.keys(LISTS).map(list => ({ path: path(list) })),
  read(answer, request): ListPage | undefined {
    const pairs = Array.isArray(answer) ? answer[0] : undefined
    if (!Array.isArray(pairs)) return undefined
    const kind = LISTS[Object.keys(LISTS).find(list => request.path === path(list)) ?? ''] ?? 'other'
    return { instruments: pairs.filter(pair => typeof pair === 'string').map(pair => pairOf(pair, kind)) }
  },
}

/** A pair is six letters, or two names with a colon between: `BTCUSD`, `DOGE:USD`. Channels have a `t` before it. */
function pairOf(pair: string, kind: InstrumentKind): Instrument {
  const [base = '', quote = ''] = pair.includes(':') ? pair.split(':') : [pair.slice(0, 3), pair.slice(3)]
  return instrument({ symbol: `t${pair}`, aliases: [pair], kind, base, quote })
}
