/** Kinds of ticks that do not arrive, by symbol, as the recorders report them. */
import { computed } from '@preact/signals'
import { type ConnectionStatus, DOWN_STATES } from '../../../src/sources/connection/status.ts'
import { stages, symbolKey } from '../store.ts'

type NotLive = ConnectionStatus['notLive'][number]

export interface TickState extends NotLive {
  /** It should arrive and does not; else the venue has halted it, or nothing has come yet. */
  isDown: boolean
}

interface SymbolTicks {
  venue: string
  symbol: string
  states: TickState[]
}

const bySymbol = computed(() => {
  const found = new Map<string, SymbolTicks>()
  for (const { venue, notLive } of stages.value?.sources.connections ?? []) {
    for (const each of notLive) {
      const { symbol } = each
      const key = symbolKey(venue, symbol)
      const ticks = found.get(key) ?? { venue, symbol, states: [] }
      ticks.states.push({ ...each, isDown: DOWN_STATES.has(each.state) })
      found.set(key, ticks)
    }
  }
  return found
})

const NONE: readonly TickState[] = []

export const statesOf = (venue: string, symbol: string): readonly TickState[] =>
  bySymbol.value.get(symbolKey(venue, symbol))?.states ?? NONE

/** The symbols of which a kind does not arrive, those that should first. */
export const waitingSymbols = computed<SymbolTicks[]>(() => {
  const isDown = ({ states }: SymbolTicks) => states.some(each => each.isDown)
  const all = [...bySymbol.value.values()]
  return [...all.filter(isDown), ...all.filter(each => !isDown(each))]
})
