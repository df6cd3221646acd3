/** How often it is said anew, milliseconds. */
const everyMs = 1_000

/** Says once a second how much of a wait is over, until it is stopped. @returns stops it */
export function countDown(totalMs: number, say: (seconds: number) => void, signal: AbortSignal): () => void {
  const startMs = performance.now()
  const tell = () =>
    say(Math.min(totalMs, Math.round((performance.now() - startMs) / everyMs) * everyMs) / 1_000)
  tell()
  const timer = setInterval(tell, everyMs)
  const stop = () => clearInterval(timer)
  signal.addEventListener('abort', stop, { once: true })
  return stop
}
