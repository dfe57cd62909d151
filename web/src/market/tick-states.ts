/** Kinds of ticks that do not arrive, by symbol, as the recorders report them. */
import { computed } from '@preact/signals'
import { type ConnectionStatus, DOWN_STATES } from '../../../src/sources/connection/status.ts'
import { stages, symbolKey } from '../store.ts'

type NotLive = ConnectionStatus['notLive'][number]

export interface TickState extends NotLive {
  /** It should arrive and does not; else the venue has halted it, or nothing has come yet. */
  isDown: boolean
}

const bySymbol = computed(() => {
  const found = new Map<string, TickState[]>()
  for (const { venue, notLive } of stages.value?.sources.connections ?? []) {
    for (const each of notLive) {
      const key = symbolKey(venue, each.symbol)
      found.set(key, [...(found.get(key) ?? []), { ...each, isDown: DOWN_STATES.has(each.state) }])
    }
  }
  return found
})

const NONE: readonly TickState[] = []

export const statesOf = (venue: string, symbol: string): readonly TickState[] =>
  bySymbol.value.get(symbolKey(venue, symbol)) ?? NONE
