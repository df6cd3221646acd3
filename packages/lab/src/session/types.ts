import type { LineEvent, LineFaults, ReaderCounts, Way, Workload } from '@tidings/protocol'
import type { LaneFigures } from '../figures/types.js'
import type { HopperState, NaiveState, Sequence } from '../hop/index.js'
import type { ClockEstimate, Lane } from '../record/types.js'
import type { LaneSettings } from '../workload/lane-settings.js'

export type { HopperState, LaneSettings, NaiveState, Sequence }

export type RunState = 'connecting' | 'running' | 'ended' | 'refused'

/**
 * A run as the page sees it: the WebSocket to `/lab/run`, the four lanes, the two readers on the faulty line, what
 * they heard and what it cost. Lives from its making to `end()`.
 */
export interface RunSession {
  readonly state: RunState
  /** Why it was refused or ended, in a sentence. */
  readonly reason: string | undefined
  readonly clock: ClockEstimate | undefined
  lane(way: Way): Lane
  figures(way: Way): LaneFigures
  isRunning(way: Way): boolean
  start(way: Way): void
  /** The client's end closes. */
  stop(way: Way): void
  /** The server's end closes the lane's open connections; the lane comes back by itself where its way does. */
  closeFromServer(way: Way): void
  /** By POST, or on the socket in the WebSocket's lane. */
  say(way: Way, text: string): Promise<void>
  useSettings(settings: LaneSettings): void
  useWorkload(workload: Workload): void
  useFaults(faults: LineFaults): void
  cut(): void
  goOffline(forMs: number): void
  hopTo(way: Way): void
  hopAtRandom(isOn: boolean): void
  readonly hopper: HopperState
  readonly naive: NaiveState
  /** The last so many, newest last (at most 100). */
  readonly lineEvents: readonly LineEvent[]
  /** What the workload's own readers count; absent while there are none. */
  readonly readers: Readonly<Record<Way, ReaderCounts>> | undefined
  /** Called after anything has changed, at most once per animation frame. */
  onChange(callback: () => void): () => void
  end(): void
}
