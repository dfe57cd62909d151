/** Dark or light: the system's choice unless the reader made one. The palette itself is in styles/tokens.css. */
import { effect, signal } from '@preact/signals'

export type Theme = 'system' | 'dark' | 'light'
const THEMES: Theme[] = ['system', 'dark', 'light']
const STORAGE_KEY = 'tickhouse.theme'

const stored = localStorage.getItem(STORAGE_KEY)
export const theme = signal<Theme>(THEMES.find(name => name === stored) ?? 'system')

/** Rises when colours may have changed, so that canvases redraw. */
export const paletteVersion = signal(0)

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!
  localStorage.setItem(STORAGE_KEY, theme.value)
}

/** A token's colour as canvases understand it: the browser resolves it on an element, `light-dark()` and all. */
export function color(token: string): string {
  probe.style.color = `var(--${token})`
  return getComputedStyle(probe).color
}

const probe = document.createElement('i')
probe.hidden = true

/** Keeps the document in the chosen theme. */
export function followTheme(): void {
  document.body.append(probe)
  effect(() => {
    if (theme.value === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme.value
    paletteVersion.value = paletteVersion.peek() + 1
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    paletteVersion.value++
  })
}
