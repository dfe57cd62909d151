/** Frames of a known shape with other values, keys in another order, and keys that nobody knows. */
import fc from 'fast-check'

/** JSON values that a venue might send where the example has text, a number or anything else. */
const digits = (lengthMax: number) => fc.stringMatching(new RegExp(`^\\d{1,${lengthMax}}$`))
const places = fc.tuple(digits(9), digits(12)).map(parts => parts.join('.'))
const naturals = fc.oneof(
  fc.nat(),
  fc.integer({ min: 1e12, max: 9.1e12 }),
  fc.integer({ min: 1e15, max: Number.MAX_SAFE_INTEGER }),
)
const numeral = fc.oneof(
  digits(20).map(text => text.replace(/^0+(?=\d)/, '')),
  places.map(text => text.replace(/^0+(?=\d)/, '')),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  naturals.map(String),
  fc.constantFrom('0', '1', '-1', '1e-08', '18446744073709551615', '18446744073709551616'),
)
const time = fc
  .tuple(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2300-01-01') }), digits(11))
  .map(([date, fraction]) => `${date.toISOString().slice(0, 19)}.${fraction}Z`)
const text = fc.oneof(
  digits(20),
  places,
  numeral,
  time,
  fc.string({ maxLength: 40 }),
  fc.constantFrom('', 'buy', 'sell', 'Buy', 'Sell', 'BTC-USD', '2016-12-31T23:59:60Z', '2024-02-30T00:00:00Z', '币安'),
)
const other = fc.oneof(fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }))

/** What a change does at one place of a frame. `seed` chooses the place, and the new order of keys. */
interface Change {
  kind: 'number' | 'text' | 'other' | 'order' | 'extra' | 'twice' | 'without'
  seed: number
  numeral: string
  text: string
  other: unknown
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('number', 'number', 'text', 'text', 'order', 'extra', 'other', 'twice', 'without'),
  seed: fc.nat(),
  numeral,
  text,
  other,
})

/** Legal JSON of frames like `frames`, each of which is a JSON object. */
export function legal(frames: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...frames), fc.array(change, { maxLength: 4 })).map(([frame, changes]) => {
    const tree = parse(frame)
    for (const one of changes) apply(tree, one)
    return print(tree)
  })
}

type Tree = { text: string } | { items: Tree[] } | { members: [key: string, value: Tree][] }

/** A number as written, which the types of this compiler do not know yet. */
interface Source {
  source?: string
}

function parse(json: string): Tree {
  const keepNumber = (value: unknown, { source = '' }: Source): unknown =>
    typeof value === 'number' ? { text: source } : value
  const tree = (value: unknown): Tree => {
    if (Array.isArray(value)) return { items: value.map(tree) }
    if (value === null || typeof value !== 'object') return { text: JSON.stringify(value) }
    if ('text' in value && Object.keys(value).length === 1) return { text: String(value.text) }
    return { members: Object.entries(value).map(([key, member]) => [key, tree(member)]) }
  }
  return tree(JSON.parse(json, (_key: string, value: unknown, context?: Source) => keepNumber(value, context ?? {})))
}

function print(tree: Tree): string {
  if ('text' in tree) return tree.text
  if ('items' in tree) return `[${tree.items.map(print).join()}]`
  return `{${tree.members.map(([key, value]) => `${JSON.stringify(key)}:${print(value)}`).join()}}`
}

function apply(tree: Tree, { kind, seed, numeral, text, other }: Change): void {
  const objects = objectsIn(tree)
  const members = objects[seed % objects.length]!
  const at = seed % members.length
  if (members.length === 0) return
  if (kind === 'order') members.push(...members.splice(0, at))
  else if (kind === 'extra') members.splice(at, 0, [text, { text: JSON.stringify(other) }])
  else if (kind === 'twice') members.push(members[at]!)
  else if (kind === 'without') members.splice(at, 1)
  else {
    // Of the values of that kind.
    const leaves = objects.flat().filter(([, value]) => 'text' in value && isKind(value.text, kind))
    const leaf = leaves[seed % Math.max(1, leaves.length)]
    if (leaf)
      leaf[1] = { text: kind === 'number' ? numeral : kind === 'text' ? JSON.stringify(text) : JSON.stringify(other) }
  }
}

function objectsIn(tree: Tree): [string, Tree][][] {
  if ('text' in tree) return []
  if ('items' in tree) return tree.items.flatMap(objectsIn)
  return [tree.members, ...tree.members.flatMap(([, value]) => objectsIn(value))]
}

function isKind(json: string, kind: Change['kind']): boolean {
  return kind === 'other' || (kind === 'text') === json.startsWith('"')
}
