/** Responses that are polled, not pushed: at the first render, then at an interval while shown. */
import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'

/** The newest answer to a GET, or null before the first; a failed request keeps the previous one. */
export function usePolling<T>(address: string, everyMs: number): Signal<T | null> {
  const answer = useSignal<T | null>(null)
  useEffect(() => {
    const left = new AbortController()
    const ask = async () => {
      if (document.hidden) return
      const response = await fetch(address, { signal: left.signal }).catch(() => undefined)
      const body = response?.ok ? await response.json().catch(() => undefined) : undefined
      if (body !== undefined && !left.signal.aborted) answer.value = body as T
    }
    void ask()
    const timer = setInterval(() => void ask(), everyMs)
    return () => {
      clearInterval(timer)
      left.abort()
    }
  }, [address, everyMs])
  return answer
}
