/** What a model's file states of its training, checked: it never sees the data again. */
import type { ModelFacts } from '../models/model.ts'
import { type Finding, timeText } from './finding.ts'

const MICROS = 1_000_000
/** An AUC of shuffled labels above one half by so much, and by so many of its standard errors, is an edge. */
const EDGE = 0.01
const ERRORS = 4

/** `played`: from and until of the ticks that it is played on, µs. */
export function checkModel(facts: ModelFacts, played: { fromMicros: number; untilMicros: number }): Finding[] {
  return [
    finding('label', labelFault(facts), 'no label depends on prices beyond its horizon'),
    ofFolds(
      facts,
      'purge',
      purgeFault(facts),
      `labels of training end before each of ${facts.folds.length} tests, with the embargo`,
    ),
    ofFolds(facts, 'fitted', fittedFault(facts), 'scales and thresholds are of the training rows alone'),
    shuffled(facts),
    finding('in-sample', inSampleFault(facts, played), 'it is played on ticks after its training'),
  ]
}

function finding(check: string, fault: string | undefined, ok: string): Finding {
  return fault === undefined ? { check, state: 'ok', detail: ok } : { check, state: 'leak', detail: fault }
}

/** The same; not known of a model that another program fitted, whose file states no folds. */
function ofFolds({ folds }: ModelFacts, check: string, fault: string | undefined, ok: string): Finding {
  if (folds.length > 0) return finding(check, fault, ok)
  return { check, state: 'unknown', detail: 'its file states no folds: it was not trained by tickhouse_train' }
}

function labelFault({ label, features }: ModelFacts): string | undefined {
  const horizon = label.horizon * features.every_seconds * MICROS
  if (label.reach_micros <= horizon) return undefined
  return `a label depends on prices ${label.reach_micros / MICROS} s later, its horizon is ${horizon / MICROS} s: smoothed over later rows, or of the whole sample`
}

function purgeFault({ folds, label, features, embargo }: ModelFacts): string | undefined {
  const every = features.every_seconds * MICROS
  const reach = Math.max(label.horizon * every, label.reach_micros)
  for (const [at, { train, test }] of folds.entries()) {
    const name = `fold ${at + 1}`
    if (train[1] >= test[0]) return `${name} is trained on rows of its test, or after it`
    if (train[1] + reach >= test[0])
      return `${name}: the last labels of training end in the test, which begins ${timeText(test[0])}`
    if (train[1] + reach + embargo * every >= test[0]) return `${name}: the embargo of ${embargo} samples is not kept`
  }
  return undefined
}

function fittedFault({ folds }: ModelFacts): string | undefined {
  const at = folds.findIndex(({ train, fitted_on: of }) => of[0] < train[0] || of[1] > train[1])
  if (at < 0) return undefined
  const { fitted_on: of, train } = folds[at]!
  return `fold ${at + 1}: scales or thresholds are fitted until ${timeText(of[1])}, its training ends ${timeText(train[1])}`
}

function shuffled({ permuted_auc: aucs, folds }: ModelFacts): Finding {
  const check = 'shuffled'
  if (aucs.length < 3)
    return { check, state: 'unknown', detail: 'it was not trained with shuffled labels: --permutations 10' }
  const mean = meanOf(aucs)
  const error = Math.sqrt(meanOf(aucs.map(auc => (auc - mean) ** 2)) / (aucs.length - 1))
  const text = `AUC ${mean.toFixed(3)} of ${aucs.length} trainings with shuffled labels, ${meanOf(folds.map(({ auc }) => auc)).toFixed(3)} with its own`
  if (mean - 0.5 > Math.max(EDGE, ERRORS * error))
    return { check, state: 'leak', detail: `${text}: labels reach the test on another way` }
  return { check, state: 'ok', detail: text }
}

function inSampleFault(
  { trained }: ModelFacts,
  { fromMicros, untilMicros }: { fromMicros: number; untilMicros: number },
) {
  if (trained.until < fromMicros || trained.from >= untilMicros) return undefined
  return `it was trained on ${timeText(trained.from)} to ${timeText(trained.until)}, and is played from ${timeText(fromMicros)}: play later ticks`
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
