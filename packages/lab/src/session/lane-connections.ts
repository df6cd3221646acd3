import { type Way, ways } from '@tidings/protocol'
import type { Lane } from '../record/types.js'

/**
 * The connections that a lane hears on now, whoever opened them: a browser hands an idle one to whichever lane asks
 * next. Between two polls it is the last one, unless another lane has it by now.
 */
export function connectionsToClose(way: Way, laneOf: (way: Way) => Lane): ReadonlySet<number> {
  const busy = busyConnections(laneOf(way))
  if (busy.size > 0) return busy
  const last = laneOf(way).exchanges.at(-1)?.connection
  const isTaken = ways.some((other) => last !== undefined && busyConnections(laneOf(other)).has(last))
  return last === undefined || isTaken ? new Set() : new Set([last])
}

function busyConnections({ exchanges }: Lane): Set<number> {
  return new Set(
    exchanges.filter(({ endedAtMs }) => endedAtMs === undefined).map(({ connection }) => connection),
  )
}
