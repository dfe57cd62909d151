/** `tickhouse archive verify` and `tickhouse archive status`: asks the store for its ledger, whoever has it open. */
import type { ArchivedObject } from '../archive/archive.ts'
import { checkArchive } from '../archive/check.ts'
import type { Asked } from '../archive/columns.ts'
import { type LedgerRow, objectFrom, objectsQuery } from '../archive/ledger.ts'
import { manifestObjects } from '../archive/manifest.ts'
import { type ArchiveTarget, openTarget } from '../archive/target.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { FileReader, filesOf } from '../store/files.ts'
import { type Asking, openAsking } from './asking.ts'
import { count, Progress } from './progress.ts'

/** As the flags have them. */
export interface VerifyFlags {
  deep?: true
  manifests?: true
}

/**
 * Checks every object of the archive and prints what is wrong, one line each. True if nothing is. `deep` reads the rows too;
 * `manifests` takes the archive's own word instead of the ledger's, for when the store is gone.
 */
export async function verifyArchive(config: Config, { deep, manifests }: VerifyFlags): Promise<boolean> {
  const target = await openArchive(config)
  const asking = await openAsking(config)
  const files = asking.store ? filesOf(asking.store) : new FileReader()
  try {
    const asked = askedBy(asking)
    const objects = manifests ? await manifestObjects(target) : await ledgerOf(asked, target)
    let shown: Progress | undefined
    const { findings, ...sums } = await checkArchive({
      target,
      objects,
      deep: deep && { asked, files },
      progress: (done, total) => {
        shown ??= new Progress('bytes', total)
        shown.show(done)
      },
    })
    shown?.end()
    for (const { fault, key, detail } of findings) console.log(`${fault.toUpperCase().padEnd(9)} ${key}: ${detail}`)
    const size = `${count(sums.objects)} objects, ${count(sums.rows)} rows, ${count(sums.bytes)} bytes`
    const verdict =
      findings.length === 0 ? 'is what was archived' : `has ${findings.length} faults: see docs/archive.md`
    console.log(`${target.address}: ${size}: the archive ${verdict}.`)
    return findings.length === 0
  } finally {
    await files.close()
    await asking.close()
    await target.close()
  }
}

/** Prints how far each partition is archived. */
export async function archiveStatus(config: Config): Promise<void> {
  const target = await openArchive(config)
  const asking = await openAsking(config)
  try {
    const objects = await ledgerOf(askedBy(asking), target)
    const sum = (figure: 'rows' | 'bytes') => count(objects.reduce((total, object) => total + object[figure], 0))
    const named = objects.filter(({ key }) => key !== '').length
    console.log(`${target.address}: ${count(named)} objects, ${sum('rows')} rows, ${sum('bytes')} bytes verified`)
    for (const [partition, slices] of Map.groupBy(objects, ({ slice }) => slice.partition)) {
      const last = slices.filter(({ kind }) => kind === 'trades').at(-1)
      if (!last) continue
      const until = new Date(last.slice.endMs).toISOString()
      console.log(`partition ${partition}: archived up to record ${last.slice.lastOffset}, log time ${until}`)
    }
    for (const [state, some] of Map.groupBy(objects, object => object.state))
      if (state !== 'verified') console.log(`${state}: ${count(some.length)} objects`)
  } finally {
    await asking.close()
    await target.close()
  }
}

function openArchive(config: Config): Promise<ArchiveTarget> {
  if (config.ARCHIVE === 'off')
    throw new TickhouseError('config_invalid', 'the archive is off', 'Set TICKHOUSE_ARCHIVE: see docs/archive.md.')
  return openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
}

async function ledgerOf(asked: Asked, target: ArchiveTarget): Promise<ArchivedObject[]> {
  return (await asked.rows<LedgerRow>(objectsQuery(target.address))).map(objectFrom)
}

function askedBy(asking: Asking): Asked {
  return {
    rows: async <T>(query: string): Promise<T[]> => {
      const text = Buffer.from(await asking.ask(query, 'JSONEachRow')).toString()
      return text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as T]))
    },
  }
}
