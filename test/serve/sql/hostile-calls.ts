/** Calls that try what a function does to the engine: arguments that are deep, long, wide, or many against many. */

/** As SQL; each far below the memory limit of an untrusted client, so that only superlinear growth takes seconds. */
const VALUES = {
  deep: `concat(repeat('{"a":', 200000), '1', repeat('}', 200000))`,
  brackets: `concat(repeat('[', 300000), repeat(']', 300000))`,
  text: `repeat('ab', 500000)`,
  pattern: `'(((a|b)*)*)*c'`,
  wide: `'%1000000000d'`,
  list: 'range(50000)',
  other: 'arrayMap(x -> x * 7 % 50021, range(50000))',
  texts: `arrayMap(x -> toString(x), range(50000))`,
  point: `arrayMap(x -> (toFloat64(x % 300), toFloat64(x * 7 % 301)), range(3000))`,
  huge: '1000000000',
  half: '0.5',
}
type Value = keyof typeof VALUES

/** What each run tries: a shape for each class of harm. */
const FEW: Value[][] = [
  ['deep'],
  ['deep', 'deep'],
  ['text', 'text'],
  ['list', 'other'],
  ['list', 'other', 'list', 'other'],
  ['text', 'huge'],
]

/** All of one and two values, and three and four of which some are alike: about 200,000 calls. */
function all(): Value[][] {
  const values = Object.keys(VALUES) as Value[]
  const thirds: Value[] = ['text', 'list', 'huge', 'pattern']
  return [
    ...values.map(value => [value]),
    ...values.flatMap(a => values.map(b => [a, b])),
    ...values.flatMap(value => thirds.map(third => [value, value, third])),
    ...values.map(value => [value, value, value, value]),
    ['list', 'other', 'list', 'other'],
  ]
}

export function hostileCalls(name: string, full: boolean): string[] {
  return (full ? all() : FEW).map(shape => `${name}(${shape.map(value => VALUES[value]).join(', ')})`)
}
