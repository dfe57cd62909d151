/** A modal dialog with a title and a button that closes it. Its content exists only while it is open. */
import type { Signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

interface DialogProps {
  open: Signal<boolean>
  /** Its class, and what its ids begin with. */
  name: string
  title: string
  hint: string
  children: ComponentChildren
}

export function Dialog({ open, name, title, hint, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (open.value) dialog.current!.showModal()
    else dialog.current!.close()
  }, [open.value])
  const close = () => {
    open.value = false
  }
  return (
    <dialog ref={dialog} class={`dialog ${name}`} aria-labelledby={`${name}-title`} onClose={close} data-testid={name}>
      {open.value && (
        <div class={`dialog-content ${name}-content`}>
          <header>
            <h2 id={`${name}-title`}>{title}</h2>
            <span class="quiet">{hint}</span>
            <span class="spring" />
            <button type="button" class="plain" onClick={close} data-testid={`${name}-close`}>
              Close <kbd>Esc</kbd>
            </button>
          </header>
          {children}
        </div>
      )}
    </dialog>
  )
}
