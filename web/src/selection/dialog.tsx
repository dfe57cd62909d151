/** The dialog that shows and changes what is recorded. */
import { useEffect } from 'preact/hooks'
import { Dialog } from '../ui/dialog.tsx'
import { sentence } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { AddForm } from './add-form.tsx'
import { RecordedList } from './recorded-list.tsx'
import { RequestedStates } from './requested-states.tsx'
import {
  configurations,
  loadSelection,
  meant,
  meantOf,
  outcome,
  readOnlyReason,
  recorders,
  requested,
  selectionOpen,
  unknownBecause,
} from './selection.ts'

const LOAD_EVERY_MS = 2_000

export function SelectionDialog() {
  const open = selectionOpen.value
  useEffect(() => {
    if (!open) return undefined
    outcome.value = null
    requested.value = []
    void loadSelection()
    // A recorder may start or end, and another page may change what it records.
    const timer = setInterval(loadSelection, LOAD_EVERY_MS)
    return () => clearInterval(timer)
  }, [open])
  return (
    <Dialog
      open={selectionOpen}
      name="selection"
      title="Recorded symbols"
      hint="changes apply immediately, without a gap in the others"
    >
      <Content />
    </Dialog>
  )
}

function Content() {
  const all = recorders.value
  const why = readOnlyReason(all, unknownBecause.value)
  const several = all === null ? [] : configurations(all)
  const of = several.length > 1 ? (meant.value ?? several[0]!) : null
  useEffect(() => {
    meant.value = of
  }, [of])
  const shown = all === null ? [] : meantOf(all, of)
  return (
    <>
      {several.length > 1 && (
        <label class="field selection-of">
          <span class="label">recorder</span>
          <select
            value={of ?? ''}
            onChange={event => {
              meant.value = event.currentTarget.value
            }}
          >
            {several.map(configured => (
              <option key={configured} value={configured}>
                configured: {configured}
              </option>
            ))}
          </select>
        </label>
      )}
      {why !== null && (
        <p class="advice selection-why" data-testid="selection-read-only">
          <StatusIcon kind="idle" />
          <span>{sentence(why)}</span>
        </p>
      )}
      {why === null && all !== null && <AddForm sources={shown[0]?.selected ?? []} />}
      <Result />
      <RequestedStates />
      {all === null && why === null && <p class="hint">Reading what is recorded…</p>}
      {shown.length > 0 && <RecordedList recorder={shown[0]!} readOnly={why !== null} />}
    </>
  )
}

/** What became of the last request, in the server's words if it was refused. */
function Result() {
  const last = outcome.value
  return (
    <div aria-live="polite" class="selection-result" data-testid="selection-result">
      {last && (
        <p class={`outcome outcome-${last.kind}`} role={last.kind === 'refused' ? 'alert' : undefined}>
          <StatusIcon kind={last.kind === 'done' ? 'ok' : 'error'} />
          <span>
            <b>{sentence(last.text)}</b> {last.advice}
          </span>
        </p>
      )}
    </div>
  )
}
