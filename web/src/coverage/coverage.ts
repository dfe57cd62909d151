/** What the coverage dialog shows, and where the cursor of its heat map is. */
import { signal } from '@preact/signals'
import { DAY_SECONDS } from './grid.ts'

export const coverageOpen = signal(false)

export const RANGES = { '90 days': 90, '1 year': 365 } as const
export type RangeName = keyof typeof RANGES

export const range = signal<RangeName>('90 days')
export const kind = signal('trades')
export const search = signal('')
export const order = signal<'worst first' | 'by name'>('worst first')

/** The place of the cursor among the rows shown, and its day; null before anything was chosen. */
export const cursor = signal<{ row: number; day: number } | null>(null)

/** Addresses of the API for the days that end tomorrow. */
export function addressOf(path: string, days: number, nowMs: number, more: Record<string, string> = {}): string {
  const to = (Math.floor(nowMs / (DAY_SECONDS * 1000)) + 1) * DAY_SECONDS
  return `${path}?${new URLSearchParams({ from: String(to - days * DAY_SECONDS), to: String(to), ...more })}`
}
