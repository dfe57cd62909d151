/** How the values of a tick are written as JSON in quarantine, and read back. */

/** The fields of the JSON if they are exactly `names` (separated by blanks) and all text; undefined for any other text. */
export function fieldsOf(raw: string, names: string): Record<string, string> | undefined {
  try {
    const tick: unknown = JSON.parse(raw)
    if (typeof tick !== 'object' || tick === null || Object.keys(tick).join(' ') !== names) return undefined
    return Object.values(tick).every(value => typeof value === 'string') ? (tick as Record<string, string>) : undefined
  } catch {
    return undefined
  }
}

/** The name of an enum's code, or its number. */
export function nameOf(names: Readonly<Record<string, number>>, code: number): string {
  return Object.entries(names).find(([, value]) => value === code)?.[0] ?? String(code)
}

export const codeOf = (names: Readonly<Record<string, number>>, name: string): number =>
  Object.hasOwn(names, name) ? names[name]! : Number(name)
