/** The registry of models: every file that a run was played with, from tables `lab_models` and `lab_predictions`. */
import type { RunQuery } from '../../replay/range.ts'
import { rowsOf } from './rows-of.ts'

/** Times in µs since 1970 UTC. */
export interface RegisteredModel {
  /** Of its file. */
  sha256: string
  /** As the portfolio of its newest run states it. */
  file: string
  kind: string
  /** Hash of its features' schema. */
  schema: string
  trainedFromMicros: number
  trainedUntilMicros: number
  /** The pinned dataset that it was trained on; empty for all that was stored. */
  dataset: string
  /** Of its newest run. */
  run: string
  stage: string
  /** Runs with predictions of it, and their number: in shadow, and on paper. */
  runs: number
  shadow: number
  paper: number
  /** Time of the newest prediction; null without one. */
  lastMicros: number | null
  /** Mean of its walk-forward folds; null without folds. */
  foldAuc: number | null
  /** Of its predictions of the last `AUC_DAYS` days whose label is known by now, and their number; null where it is not defined, or not known how. */
  liveAuc: number | null
  livePredictions: number
}

/** Predictions of so many days before the newest one count. */
export const AUC_DAYS = 7
const LISTED_MAX = 50

type Text = Record<Exclude<keyof RegisteredModel, 'file' | 'foldAuc' | 'liveAuc'> | 'path', string> & {
  foldAuc: number | null
}

/** The newest first. Throws errors of the store. */
export async function readModels(runQuery: RunQuery): Promise<RegisteredModel[]> {
  const micros = (column: string) => `toString(toUnixTimestamp64Micro(${column}))`
  const models = await rowsOf<Text>(
    runQuery,
    `SELECT m.sha256 AS sha256, m.path AS path, m.kind AS kind, m.schema AS schema, ${micros('m.trained_from')} AS trainedFromMicros,
       ${micros('m.trained_until')} AS trainedUntilMicros, m.dataset AS dataset, m.run AS run, m.stage AS stage,
       arrayMap(fold -> JSONExtractFloat(fold, 'auc'), JSONExtractArrayRaw(m.folds)) AS aucs,
       if(empty(aucs), NULL, arrayAvg(aucs)) AS foldAuc, toString(p.runs) AS runs, toString(p.shadow) AS shadow,
       toString(p.paper) AS paper, ${micros('p.last')} AS lastMicros
     FROM (SELECT * FROM lab_models FINAL) AS m LEFT JOIN (
       SELECT model, uniqExact(l.run) AS runs, countIf(l.stage = 'shadow') AS shadow, countIf(l.stage != 'shadow') AS paper, max(l.at) AS last
       FROM lab_predictions AS l GROUP BY model
     ) AS p ON m.sha256 = p.model
     ORDER BY m.written_at DESC, sha256 LIMIT ${LISTED_MAX}`,
  )
  const live = await readLive(runQuery)
  return models.map(({ sha256, path: file, kind, schema, dataset, run, stage, foldAuc, ...numbers }) => {
    const [trainedFromMicros, trainedUntilMicros] = [
      Number(numbers.trainedFromMicros),
      Number(numbers.trainedUntilMicros),
    ]
    const [runs, shadow, paper] = [Number(numbers.runs), Number(numbers.shadow), Number(numbers.paper)]
    const lastMicros = shadow + paper > 0 ? Number(numbers.lastMicros) : null
    const since = live.get(sha256)
    return {
      ...{
        sha256,
        file,
        kind,
        schema,
        trainedFromMicros,
        trainedUntilMicros,
        dataset,
        run,
        stage,
        runs,
        shadow,
        paper,
      },
      ...{ lastMicros, foldAuc, liveAuc: since?.auc ?? null, livePredictions: since?.count ?? 0 },
    }
  })
}

/**
 * AUC of the last predictions of each model, live and of stored ticks, by what came later: the price of the same run's prediction of the same instrument
 * a horizon later. The label is that of training, with its threshold.
 */
async function readLive(runQuery: RunQuery): Promise<Map<string, { auc: number | null; count: number }>> {
  const keys = 'run, strategy, venue, symbol, model'
  const rows = await rowsOf<{ model: string; count: string; auc: number | null }>(
    runQuery,
    `SELECT model, toString(count()) AS count, if(uniqExact(rose) = 2, arrayAUC(groupArray(score), groupArray(rose)), NULL) AS auc
     FROM (
       SELECT p.model AS model, p.score AS score, toUInt8(log(q.price / p.price) > p.label_threshold) AS rose
       FROM (
         SELECT ${keys}, l.at AS at, l.score AS score, l.price AS price, m.label_threshold AS label_threshold,
           toUnixTimestamp64Micro(l.at) + m.label_micros AS known
         FROM lab_predictions AS l
         INNER JOIN (SELECT sha256, label_micros, label_threshold FROM lab_models FINAL WHERE label_micros > 0) AS m ON l.model = m.sha256
         INNER JOIN (SELECT model AS played, max(at) AS last FROM lab_predictions GROUP BY played) AS n ON l.model = n.played
         WHERE l.at >= n.last - toIntervalDay(${AUC_DAYS}) AND l.price > 0
       ) AS p
       INNER JOIN (SELECT ${keys}, toInt64(toUnixTimestamp64Micro(at)) AS known, price FROM lab_predictions WHERE price > 0) AS q
         USING (${keys}, known)
     ) GROUP BY model`,
  )
  return new Map(rows.map(({ model, count, auc }) => [model, { auc, count: Number(count) }]))
}
