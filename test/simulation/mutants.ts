/**
 * Ingest with one thing done wrong: each mutant is an edit of the real source as it is loaded, so that there is no other way to do
 * wrong than ingest's own. Simulation must catch every one of them; a text that is no longer there is an error.
 */
import { registerHooks } from 'node:module'

export interface Edit {
  /** Below `src/ingest/`, or the folder that `edit` is told. */
  file: string
  from: string
  to: string
}

const ASK = 'const stored = last === null ? 0 : last.offset + 1'
const TRUST: Edit = { file: 'checkpoint.ts', from: ASK, to: 'const stored = log.committed(partition)' }
const INSERTS = 'for (const { table, rows } of tables) {'

/** Ingest that does nothing wrong, but must ask the tables for more. */
export const VARIANTS: Readonly<Record<string, readonly Edit[]>> = {
  'two trades in memory': [
    { file: 'ids/symbol-ids.ts', from: 'const RECENT_MAX = 512', to: 'const RECENT_MAX = 2' },
    { file: 'ids/symbol-ids.ts', from: 'const RECENT_WIDE_MAX = 16_384', to: 'const RECENT_WIDE_MAX = 2' },
    { file: 'ids/recent-trades.ts', from: 'const SLOTS_MIN = 64', to: 'const SLOTS_MIN = 2' },
    { file: 'ids/id-window.ts', from: 'const SLOTS_MIN = 64', to: 'const SLOTS_MIN = 2' },
  ],
}

/** Mutants that only worlds of a variant can show. */
export const SHOWN_BY: Readonly<Record<string, string>> = {
  'asked before what was read is stored': 'two trades in memory',
}

export const MUTANTS: Readonly<Record<string, readonly Edit[]>> = {
  'commit before insert, resume at the commit': [
    TRUST,
    {
      file: 'partition-loop.ts',
      from: 'await sealed.write(store, this.#checkpoint, fence)',
      to: 'log.noteStored(partition, batch.lastOffset + 1); await sealed.write(store, this.#checkpoint, fence)',
    },
  ],
  'commit after insert, resume at the commit': [TRUST],
  'resume at the greatest stored offset, not after it': [
    { file: 'checkpoint.ts', from: ASK, to: ASK.replace(' + 1', '') },
  ],
  'resend without asking': [
    {
      file: 'partition-loop.ts',
      from: 'if (await sealed.findArrived(store, this.#checkpoint, fence))',
      to: 'if (false)',
    },
  ],
  'ask without settling': [{ file: 'partition-loop.ts', from: 'await store.settle(fence)', to: '' }],
  'insert without a fence': [
    {
      file: 'sealed-batch.ts',
      from: 'batch.block(table, fence.epoch), fence)',
      to: 'batch.block(table, fence.epoch), { ...fence, epoch: Infinity })',
    },
  ],
  'good ticks before refused ones': [
    {
      file: 'sealed-batch.ts',
      from: INSERTS,
      to: INSERTS.replace('of tables', 'of tables.toReversed()'),
    },
  ],
  'kinds inserted in another order than resumed': [
    {
      file: 'sealed-batch.ts',
      from: INSERTS,
      to: INSERTS.replace('of tables', 'of [tables[0]!, ...tables.slice(1).reverse()]'),
    },
  ],
  'half a batch not taken back from the table of a kind': [
    { file: 'checkpoint.ts', from: 'if (!batch) return', to: "if (!batch || table !== 'quarantine') return" },
  ],
  'a batch taken for half since its last table has none of it': [
    {
      file: 'checkpoint.ts',
      from: 'last?.offset ?? -1, fence)',
      to: '(await this.#last(this.#tables.at(-1)!, partition))?.offset ?? -1, fence)',
    },
  ],
  'a kind without the count of ticks that follow': [
    { file: 'batch.ts', from: 'good: this.#ticksFrom(index + 1)', to: 'good: index < 0 ? this.#ticksFrom(0) : 0' },
  ],
  'half a batch not taken back': [{ file: 'checkpoint.ts', from: 'if (!batch) return', to: 'return' }],
  'half a batch taken back whoever wrote it': [{ file: 'checkpoint.ts', from: ' AND epoch < {epoch:UInt64}', to: '' }],
  'a gap called closed before its trades are stored': [
    {
      file: 'sealed-batch.ts',
      from: INSERTS,
      to: `if (gapsChanged.length > 0) await checkpoint.writeGaps(gapsChanged, fence)
    ${INSERTS}`,
    },
  ],
  "gaps ordered by each machine's own clock": [
    {
      file: 'checkpoint.ts',
      from: 'Math.max(this.#clock.nowMicros(), this.#changedAtMicros + 1)',
      to: 'this.#clock.nowMicros()',
    },
  ],
  'a clock that was ahead rules for ever': [
    {
      file: 'log-clock.ts',
      from: 'logTime(this.lastMs, entry.timestampMs)',
      to: 'Math.max(this.lastMs, entry.timestampMs)',
    },
  ],
  'the last record looked for on the newest days alone': [
    { file: 'checkpoint.ts', from: 'beyond ? Number(beyond.last) : floor', to: 'floor' },
  ],
  'lost records not recorded': [
    { file: 'partition-loop.ts', from: 'if (lost) await this.#checkpoint.writeLost(lost, fence)', to: '' },
  ],
  'a repeat by its id alone': [
    {
      file: 'ids/symbol-ids.ts',
      from: 'if (match === MATCH.same) {',
      to: 'if (this.#mayBeStored(id, 0)) {',
    },
  ],
  'ids that begin again fill old gaps': [
    { file: 'ids/continuity.ts', from: 'micros <= this.newestMicros &&', to: '' },
    { file: 'ids/continuity.ts', from: 'micros <= gap.beforeMicros + DISORDER_MICROS_MAX &&', to: '' },
  ],
  'any jump of ids is a gap': [
    {
      file: 'ids/continuity.ts',
      from: 'ids <= Math.max(JUMP_IDS_MAX, (micros / 1e6) * IDS_PER_SECOND_MAX)',
      to: 'ids + micros > 0',
    },
  ],
  'repeats that only the table knows are not asked for': [
    {
      file: 'partition-loop.ts',
      from: 'if (lookups.length > 0) {\n      await this.#cut',
      to: 'if (false) {\n      await this.#cut',
    },
  ],
  'asked before what was read is stored': [
    { file: 'partition-loop.ts', from: 'await this.#cut(signal)\n      await this.#storing', to: '' },
  ],
  'the id of a refused tick is missing': [
    {
      file: 'validated-record.ts',
      from: 'run: ids?.refuse(trades, row, isGoodTime(trades, row))',
      to: 'run: undefined',
    },
  ],
  'runs of ids forgotten at a start': [
    { file: 'ids/known-ids.ts', from: 'run: Number(run),\n    first', to: 'run: 0,\n    first' },
  ],
  'refused ids forgotten at a start': [
    { file: 'ids/known-ids.ts', from: 'const refused = await refusedIds(store, scope)', to: 'const refused: [] = []' },
  ],
  'fenced, but waiting for the next record': [
    { file: 'partition-loop.ts', from: 'AbortSignal.any([signal, this.#halt.signal])', to: 'signal' },
  ],
  'the last stored record not compared with the log': [
    {
      file: 'checkpoint.ts',
      from: 'await compareLast(this.#store, log, partition, stored - 1, this.#tables)',
      to: '{}',
    },
  ],
  'counted repeats left behind when a batch is cut': [
    { file: 'sealed-batch.ts', from: 'batch.placeRepeats()', to: '' },
  ],
  'a range of repeats that takes in what is stored between them': [
    { file: 'ids/repeated-trades.ts', from: ' && last[2] === from - 1', to: '' },
  ],
  'repeats of a batch counted again in the next': [
    { file: 'ids/repeated-trades.ts', from: 'this.#rows.splice(0)', to: 'this.#rows' },
  ],
  'batches without a hash': [{ file: 'sealed-batch.ts', from: 'batch.hashLastRecord()', to: '' }],
  'a wrong hash': [{ file: 'batch.ts', from: 'recordHash(this.#lastEntry!)', to: '1 + recordHash(this.#lastEntry!)' }],
  'stopped for records that were lost before they were stored': [
    { file: 'assignment.ts', from: "  'log_truncated',\n", to: '' },
  ],
  'reading on wherever the log was when the tables were asked': [
    {
      file: 'partition-loop.ts',
      from: 'log.read(partition, this.next, reading, after)',
      to: 'log.read(partition, this.next, reading)',
    },
  ],
}

/** From here on this thread loads ingest as the mutant or variant. To be called before anything of it is loaded. */
export function become(mutant: string): void {
  edit(mutant, [...(VARIANTS[SHOWN_BY[mutant] ?? mutant] ?? []), ...(MUTANTS[mutant] ?? [])], 'ingest/')
}

/** From here on this thread loads files below a folder of `src/` with edits, each once. */
export function edit(mutant: string, edits: readonly Edit[], folder = ''): void {
  const open = new Set(edits)
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context)
      let source: string | undefined
      for (const edit of open) {
        if (!url.endsWith(`/src/${folder}${edit.file}`)) continue
        source ??= String(loaded.source)
        if (source.split(edit.from).length !== 2) throw new Error(`${mutant}: not once in ${edit.file}: ${edit.from}`)
        source = source.replace(edit.from, () => edit.to)
        open.delete(edit)
      }
      return source === undefined ? loaded : { ...loaded, source }
    },
  })
}
