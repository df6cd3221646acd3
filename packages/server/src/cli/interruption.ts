import { exitCode } from './exit-code.js'

// Under npm and npx one Ctrl-C arrives twice, from the terminal and handed on by npm some milliseconds later.
const echoMs = 500

/**
 * Ends the work when it is told to: Ctrl-C or SIGTERM aborts the signal, so that what is under way can end
 * in order; a second one, unless it is npm's echo of the first, ends the process at once.
 */
export function untilInterrupted(): AbortSignal {
  const lifetime = new AbortController()
  let interruptedAtMs = 0
  const interrupt = () => {
    const isEcho = performance.now() - interruptedAtMs < echoMs
    if (lifetime.signal.aborted && !isEcho) process.exit(exitCode.interrupted)
    if (!lifetime.signal.aborted) interruptedAtMs = performance.now()
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
