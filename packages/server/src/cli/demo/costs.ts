import { path, type Way } from '@tidings/protocol'
import type { WayCosts } from '../../observe/index.js'

/** What the server's sockets counted since it started, by what they were used for. */
export type Counters = Record<Way | 'publish', WayCosts>

/** What one conversation cost, both directions of talk together. */
export interface Cost {
  readonly requests: number
  readonly emptyAnswers: number
  readonly connections: number
  readonly bytesUp: number
  readonly bytesDown: number
  /** The heard messages' own bytes: what it was all for. */
  readonly payloadBytes: number
}

export async function readCounters(server: string): Promise<Counters> {
  const answer = await fetch(server + path.stats)
  const { ways } = (await answer.json()) as { ways: Counters }
  return ways
}

/**
 * What the customer has spent between two readings, on hearing in this way and on talking back. Over a
 * WebSocket the latter is part of the former, and the POSTs are the baker's; in the other ways they are the
 * customer's.
 */
export function costBetween(before: Counters, after: Counters, way: Way): Cost {
  const purposes = way === 'websocket' ? [way] : [way, 'publish' as const]
  const spent = (name: keyof WayCosts) =>
    purposes.reduce((sum, purpose) => sum + after[purpose][name] - before[purpose][name], 0)
  return {
    requests: spent('requests'),
    emptyAnswers: spent('emptyAnswers'),
    connections: spent('connectionsOpened'),
    bytesUp: spent('bytesIn'),
    bytesDown: spent('bytesOut'),
    payloadBytes: after[way].payloadBytes - before[way].payloadBytes,
  }
}
