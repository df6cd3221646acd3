import { exitCode } from './exit-code.js'

/**
 * Ends the work when it is told to: Ctrl-C or SIGTERM aborts the signal, so that what is under way can end
 * in order; the second one ends the process at once.
 */
export function untilInterrupted(): AbortSignal {
  const lifetime = new AbortController()
  const interrupt = () => {
    if (lifetime.signal.aborted) process.exit(exitCode.interrupted)
    lifetime.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return lifetime.signal
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
