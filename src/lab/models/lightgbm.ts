/**
 * Scores by LightGBM's text format: trees of numerical splits with missing values and default directions. The score before the sigmoid
 * equals LightGBM's own to the last bit: the same comparisons of the same doubles, and leaves summed in the order of the trees.
 */
import { TickhouseError } from '../../errors.ts'

/** LightGBM takes a value that is not further from 0 for 0: a float, as a double. */
const ZERO = Math.fround(1e-35)
/** Bits of `decision_type`. */
const CATEGORICAL = 1
const DEFAULT_LEFT = 2
const MISSING_SHIFT = 2
const MISSING_ZERO = 1
const MISSING_NAN = 2

interface Tree {
  feature: Int32Array
  threshold: Float64Array
  decision: Uint8Array
  /** Below 0: the leaf `~child`. */
  left: Int32Array
  right: Int32Array
  leaves: Float64Array
}

export class LightGbm {
  readonly names: readonly string[]
  /** Of the sigmoid: 1 / (1 + exp(-steepness · score)). */
  readonly steepness: number
  readonly #trees: readonly Tree[]

  /** Throws `config_invalid` for a text that is not such a model, and for kinds of splits and objectives that are not read. */
  constructor(text: string) {
    const [header, ...trees] = text.split(/^Tree=\d+$/m)
    const fields = fieldsOf(header!)
    const objective = fields.get('objective') ?? ''
    if (!header!.startsWith('tree') || !/^binary\b/.test(objective))
      throw invalid(`it is no binary classifier: objective ${objective || 'not stated'}`)
    if (fields.get('num_class') !== '1' || fields.has('average_output'))
      throw invalid('it has several classes or averages trees')
    this.names = (fields.get('feature_names') ?? '').split(' ')
    this.steepness = Number(/sigmoid:(\S+)/.exec(objective)?.[1] ?? 1)
    this.#trees = trees.map(tree => treeOf(tree, this.names.length))
    if (this.#trees.length === 0) throw invalid('it has no trees')
  }

  /** Before the sigmoid. `values` in the order of `names`. */
  score(values: Float64Array): number {
    let sum = 0
    for (const tree of this.#trees) sum += outputOf(tree, values)
    return sum
  }
}

function outputOf({ feature, threshold, decision, left, right, leaves }: Tree, values: Float64Array): number {
  if (feature.length === 0) return leaves[0]!
  let node = 0
  while (node >= 0) {
    let value = values[feature[node]!]!
    const type = decision[node]!
    const missing = type >> MISSING_SHIFT
    if ((Number.isNaN(value) && missing !== MISSING_NAN) || Math.abs(value) <= ZERO) value = 0
    const isMissing = missing === MISSING_NAN ? Number.isNaN(value) : missing === MISSING_ZERO && value === 0
    const goesLeft = isMissing ? (type & DEFAULT_LEFT) !== 0 : value <= threshold[node]!
    node = goesLeft ? left[node]! : right[node]!
  }
  return leaves[~node]!
}

function treeOf(text: string, features: number): Tree {
  const fields = fieldsOf(text.split(/^end of trees$/m)[0]!)
  const numbers = (name: string) => (fields.get(name) || '').split(' ').filter(Boolean).map(numberOf)
  const leaves = Number(fields.get('num_leaves'))
  const tree = {
    feature: Int32Array.from(numbers('split_feature')),
    threshold: Float64Array.from(numbers('threshold')),
    decision: Uint8Array.from(numbers('decision_type')),
    left: Int32Array.from(numbers('left_child')),
    right: Int32Array.from(numbers('right_child')),
    leaves: Float64Array.from(numbers('leaf_value')),
  }
  if (
    fields.get('is_linear') === '1' ||
    Number(fields.get('num_cat')) > 0 ||
    tree.decision.some(type => type & CATEGORICAL)
  )
    throw invalid('it has linear leaves or categorical splits')
  const { feature, threshold, decision, left, right } = tree
  const isWhole =
    tree.leaves.length === leaves &&
    [feature, threshold, decision, left, right].every(({ length }) => length === leaves - 1) &&
    feature.every(index => index >= 0 && index < features) &&
    // A child comes after its parent: no loop.
    [left, right].every(children =>
      children.every((child, at) => (child < 0 ? ~child < leaves : child > at && child < leaves - 1)),
    ) &&
    !threshold.some(Number.isNaN) &&
    !tree.leaves.some(Number.isNaN)
  if (!isWhole) throw invalid('a tree is incomplete')
  return tree
}

/** As C++ writes it. */
const numberOf = (text: string) => Number(text.replace('inf', 'Infinity'))

/** `name=value` lines; a name alone has an empty value. */
function fieldsOf(text: string): Map<string, string> {
  return new Map(
    text.split('\n').map(line => {
      const at = line.indexOf('=')
      return at < 0 ? [line.trim(), ''] : [line.slice(0, at), line.slice(at + 1).trim()]
    }),
  )
}

function invalid(why: string): TickhouseError {
  return new TickhouseError(
    'config_invalid',
    `the LightGBM model cannot be played: ${why}`,
    'Train it as in docs/lab-models.md.',
  )
}
