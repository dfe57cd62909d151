/** What is wrong with the transparency log that the watcher cosigns: pure. */
import type { CosigningProbe } from '../cosigning/witness.ts'
import type { Draft } from './draft.ts'

export function ofCosigning({ forked, failed }: CosigningProbe): Draft[] {
  const drafts: Draft[] = []
  const told = (some: CosigningProbe['failed']) => some.map(({ url, why }) => `${url}: ${why}.`).join(' ')
  if (forked.length > 0)
    drafts.push({
      name: 'seal_forked',
      severity: 'critical',
      title: "The archive's transparency log is not the one that was cosigned",
      what: `${told(forked)} It was set back or rewritten. It is not cosigned.`,
      next: 'Keep both: the folder tlog of the archive, and the file .cosigned beside the key of the watcher, which has the last checkpoint with its signature. Find out who restored or replaced the archive, and restore it from a copy that continues that checkpoint.',
      affected: forked.map(({ url }) => url),
      probes: 1,
    })
  if (failed.length > 0)
    drafts.push({
      name: 'cosign_failing',
      severity: 'warning',
      title: 'Checkpoints of the archive are not cosigned',
      what: told(failed),
      next: 'Certificates made meanwhile have no cosignature. Fix the cause: the newest checkpoint is then cosigned.',
      affected: failed.map(({ url }) => url),
      probes: 6,
    })
  return drafts
}
