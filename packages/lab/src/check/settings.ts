import { type CheckId, checkIds } from './check-id.js'

/** How long the checks wait. The page's query may say otherwise, for tests and for networks that are slow. */
export interface CheckSettings {
  /** How long connections are left idle, milliseconds: `idle-ms`. */
  readonly idleMs: number
  /** How long a poll without news is held, whole seconds: `hold-seconds`. The server may hold it for less. */
  readonly holdSeconds: number
  /** How long a poll is held before something is published, milliseconds: `held-ms`. */
  readonly heldMs: number
  /** After so long what comes at once elsewhere is taken not to come, milliseconds: `patience-ms`. */
  readonly patienceMs: number
  /** How long a WebSocket may take to open, milliseconds: `opening-ms`. */
  readonly openingMs: number
  /** How long it may take to prove that what did not come is on its way, or lost, milliseconds: `proof-ms`. */
  readonly proofMs: number
  /** When for so long no other stream has opened, the rest is taken to wait, milliseconds: `quiet-ms`. */
  readonly quietMs: number
  /** The checks that run: `only=sse,idle`. */
  readonly only: readonly CheckId[]
}

interface Setting {
  readonly usual: number
  readonly least: number
  readonly most: number
}

const settings = {
  'idle-ms': { usual: 10_000, least: 1, most: 3_600_000 },
  'hold-seconds': { usual: 25, least: 1, most: 55 },
  'held-ms': { usual: 1_000, least: 1, most: 30_000 },
  'patience-ms': { usual: 5_000, least: 50, most: 60_000 },
  'opening-ms': { usual: 8_000, least: 50, most: 60_000 },
  'proof-ms': { usual: 5_000, least: 50, most: 60_000 },
  'quiet-ms': { usual: 2_000, least: 50, most: 60_000 },
} as const satisfies Readonly<Record<string, Setting>>

/** What can't be meant is passed over: a page's address is no place for errors. */
export function readSettings(query: URLSearchParams): CheckSettings {
  const read = (name: keyof typeof settings) => numberOf(query.get(name), settings[name])
  const named = (query.get('only') ?? '').split(',')
  const only = checkIds.filter((id) => named.includes(id))
  return {
    idleMs: read('idle-ms'),
    holdSeconds: Math.ceil(read('hold-seconds')),
    heldMs: read('held-ms'),
    patienceMs: read('patience-ms'),
    openingMs: read('opening-ms'),
    proofMs: read('proof-ms'),
    quietMs: read('quiet-ms'),
    only: only.length > 0 ? only : checkIds,
  }
}

function numberOf(text: string | null, { usual, least, most }: Setting): number {
  const value = Number(text ?? Number.NaN)
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : usual
}
