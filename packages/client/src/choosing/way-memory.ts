import { isWay, type Way } from '@tidings/protocol'

/**
 * What did not work lately, of each server: a client that connects again does not try these first. A way that
 * fails is forgotten when it works, and an hour later in any case: networks change.
 */
export interface WayMemory {
  /** @param server its URL */
  avoided(server: string): readonly Way[]
  worked(server: string, way: Way): void
  failed(server: string, way: Way): void
}

/** What keeps texts by a key: `localStorage`, `sessionStorage`, or the like. */
export interface StorageLike {
  getItem(key: string): string | null | undefined
  setItem(key: string, value: string): unknown
}

const forgetMs = 3_600_000

/**
 * Keeps one short text for each server, `{"<way>":<failed at, milliseconds since 1970>}`. Others may write to a
 * storage, and it may be full or forbidden: what cannot be read or written is not remembered, and nothing throws.
 */
export function rememberWays(storage: StorageLike, now: () => number = Date.now): WayMemory {
  const keyOf = (server: string) => `tidings-ways ${server}`
  const recent = (server: string) => {
    try {
      const entries = Object.entries<number>(JSON.parse(storage.getItem(keyOf(server)) ?? '{}'))
      // The clock may have been set back: what failed in an hour from now is as doubtful as an hour ago.
      return entries.filter(([way, failedAtMs]) => isWay(way) && Math.abs(now() - failedAtMs) < forgetMs)
    } catch {
      return []
    }
  }
  const keep = (server: string, change: (failures: Record<string, number>) => void) => {
    const failures = Object.fromEntries(recent(server))
    change(failures)
    try {
      storage.setItem(keyOf(server), JSON.stringify(failures))
    } catch {}
  }
  return {
    avoided: (server) => recent(server).map(([way]) => way as Way),
    worked: (server, way) => keep(server, (failures) => delete failures[way]),
    failed: (server, way) =>
      keep(server, (failures) => {
        failures[way] = now()
      }),
  }
}

const texts = new Map<string, string>()

/** Until the page or the process ends. */
export const pageMemory: WayMemory = rememberWays({
  getItem: (key) => texts.get(key),
  setItem: (key, text) => texts.set(key, text),
})
