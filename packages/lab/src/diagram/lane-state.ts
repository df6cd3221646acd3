import type { Lane } from '../record/types.js'

/** The page may tell of the newest so many after the server has: what changes in older ones waits for the next drawing. */
const mostMutable = 16

/**
 * A number that changes when what is drawn of a lane does: something came, was let go of, or one of the newest
 * records was completed. Looks at the newest few, never at all.
 */
export function laneState(lane: Lane): number {
  let state = hash(0, lane.arrows.length)
  state = hash(state, lane.exchanges.length)
  state = hash(state, lane.connections.length)
  state = hash(state, lane.totals.bytesDown + lane.totals.bytesUp + lane.totals.requests)
  for (const arrow of newest(lane.arrows)) {
    state = hash(state, arrow.receivedAtMs)
    state = hash(state, arrow.isGuessed ? 1 : 0)
  }
  for (const { answerAtMs, endedAtMs, form } of newest(lane.exchanges)) {
    state = hash(state, answerAtMs ?? -1)
    state = hash(state, endedAtMs ?? -1)
    state = hash(state, form?.length ?? 0)
  }
  for (const { closedAtMs } of newest(lane.connections)) state = hash(state, closedAtMs ?? -1)
  return state
}

function newest<Item>(items: readonly Item[]): readonly Item[] {
  return items.slice(-mostMutable)
}

/** A polynomial hash, as Java's for strings; fractions of a millisecond are of no weight: nobody sees them. */
function hash(state: number, value: number): number {
  return (Math.imul(state, 31) + Math.floor(value % 0x7fff_ffff)) | 0
}
