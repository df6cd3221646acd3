import { type Way, ways } from '@tidings/protocol'
import type { LaneFigures } from '../../figures/types.js'
import type { RunSession } from '../../session/types.js'

/** What the page shows of a run beside its diagrams, as it was a moment ago. */
export interface Snapshot
  extends Pick<RunSession, 'state' | 'reason' | 'clock' | 'hopper' | 'naive' | 'lineEvents' | 'readers'> {
  readonly figures: Readonly<Record<Way, LaneFigures>>
  readonly isRunning: Readonly<Record<Way, boolean>>
}

export function takeSnapshot(session: RunSession): Snapshot {
  const { state, reason, clock, hopper, naive, lineEvents, readers } = session
  return {
    state,
    reason,
    clock,
    hopper,
    naive,
    lineEvents,
    readers,
    figures: forEachWay((way) => session.figures(way)),
    isRunning: forEachWay((way) => session.isRunning(way)),
  }
}

export function forEachWay<Value>(make: (way: Way) => Value): Readonly<Record<Way, Value>> {
  return Object.fromEntries(ways.map((way) => [way, make(way)])) as Record<Way, Value>
}
