/** The keys, and whose work is on the page. */
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { serverInfo } from '../store.ts'

export const helpOpen = signal(false)

const KEYS: [keys: string[], what: string][] = [
  [['/'], 'find a symbol'],
  [['a'], 'add or remove symbols'],
  [['c'], 'coverage: how complete each day is'],
  [['l'], 'the lab: strategies on paper, and back to the market'],
  [['j', 'k'], 'next and previous symbol, or run of the lab'],
  [['1', '…', '6'], 'interval: 1 second to 1 day'],
  [['space'], 'pause or resume time and sales'],
  [['?'], 'this help'],
  [['Esc'], 'close, clear, leave'],
]

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (helpOpen.value) dialog.current!.showModal()
    else dialog.current!.close()
  }, [helpOpen.value])
  const close = () => {
    helpOpen.value = false
  }
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close} data-testid="help">
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" class="plain" onClick={close}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.map(key => (key === '…' ? key : <kbd key={key}>{key}</kbd>))}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p>The address contains the view: copy it to share what you see.</p>
      <p>
        tickhouse {serverInfo.value?.version}, {serverInfo.value?.engine}. Price chart by{' '}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
        , © 2025 TradingView, Inc. History curves by uPlot.
      </p>
    </dialog>
  )
}
