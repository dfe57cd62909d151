/** The tables that a run is written to. */
export const LAB_TABLES = [
  'lab_runs',
  'lab_orders',
  'lab_fills',
  'lab_ledger',
  'lab_equity',
  'lab_limits',
  'lab_cuts',
  'lab_verifications',
  'lab_features',
  'lab_predictions',
  'lab_models',
] as const
export type LabTable = (typeof LAB_TABLES)[number]
