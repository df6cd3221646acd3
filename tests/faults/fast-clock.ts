import type { Clock } from '@tidings/client'

/** Runs ten times as fast as others: what a client would notice after half a minute it notices after three seconds. */
export const fastClock: Clock = {
  now: () => performance.now() * 10,
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs / 10, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}
