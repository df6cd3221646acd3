import type { Clock } from '../time/clock.js'

/** What happens around a client: `woke` after the machine's sleep, and when a page is looked at again. */
export type Surrounding = 'online' | 'woke' | 'hidden' | 'suspend' | 'resume'

export interface Surroundings {
  /** @returns what stops it */
  watch(tell: (surrounding: Surrounding) => void): () => void
}

/** How often it is looked whether time has jumped, milliseconds. */
const lookMs = 5_000

/**
 * A page's events, and in every runtime the sleep of the machine, which no event tells: time that has jumped. A
 * page that is put aside (the back/forward cache, a frozen tab) closes its connection, and comes back with its offsets.
 *
 * @see HTML standard, `pagehide`, `pageshow`; Page Lifecycle, `freeze`, `resume`
 */
export function ownSurroundings(clock: Clock): Surroundings {
  return {
    watch(tell) {
      const lifetime = new AbortController()
      const { signal } = lifetime
      const on = (target: EventTarget | undefined, types: Record<string, () => void>) => {
        for (const [type, act] of Object.entries(types)) target?.addEventListener?.(type, act, { signal })
      }
      const { document } = globalThis
      // A page's window, or a worker's own scope.
      on(globalThis as Partial<EventTarget> as EventTarget, {
        online: () => tell('online'),
        pagehide: () => tell('suspend'),
        pageshow: () => tell('resume'),
      })
      on(document, {
        visibilitychange: () => tell(document.hidden ? 'hidden' : 'woke'),
        freeze: () => tell('suspend'),
        resume: () => tell('resume'),
      })
      let cancel = () => {}
      let lookedAtMs = Date.now()
      const look = () => {
        const now = Date.now()
        // The timers of a page that nobody sees are a minute apart; who looks at it again tells that it woke.
        if (now - lookedAtMs > 3 * lookMs && !document?.hidden) tell('woke')
        lookedAtMs = now
        cancel = clock.after(lookMs, look)
      }
      look()
      return () => {
        lifetime.abort()
        cancel()
      }
    },
  }
}
