/** The address bar ⇄ the view. The address is the only state: back, forward and a shared link take the same path. */
import { computed, signal } from '@preact/signals'
import { formatAddress, parseAddress, type View } from './address.ts'

// A token that opened the page is in a cookie by now; it must not stay in an address made to be shared.
if (location.search !== '') history.replaceState(null, '', location.pathname + location.hash)

const current = signal<View>(parseAddress(location.hash))

/** What is looked at; change it with `show`. */
export const view = computed(() => current.value)
export const zone = computed(() => current.value.zone)

addEventListener('popstate', () => {
  current.value = parseAddress(location.hash)
})

/**
 * Goes to a changed view. `replace` leaves no step in the browser's history: for steps the reader did not take as such
 * (the server's choice, running through the list by key).
 */
export function show(change: Partial<View>, how: 'push' | 'replace' = 'push'): void {
  const next = { ...current.peek(), ...change }
  const address = formatAddress(next)
  if (address === formatAddress(current.peek())) return
  if (how === 'push') history.pushState(null, '', address)
  else history.replaceState(null, '', address)
  current.value = next
}
