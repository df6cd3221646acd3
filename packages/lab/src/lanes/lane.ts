import type { SpokenMessage, Way } from '@tidings/protocol'
import type { Observation } from '../record/types.js'
import type { LaneSettings } from '../workload/lane-settings.js'
import type { Browser } from './browser.js'
import type { LabMessage } from './lab-message.js'
import type { SocketMemory } from './socket-memory.js'

/** Where a lane goes on when it is opened again. */
export interface LanePlace {
  /** After the last message that was heard; in the WebSocket's lane, which is told none, where it began. */
  readonly offset: string
  /** By what a WebSocket in plain mode knows where it was. */
  readonly memory?: SocketMemory
}

export interface LaneOptions {
  readonly browser: Browser
  readonly channel: string
  readonly place: LanePlace
  readonly settings: LaneSettings
  /** Numbers requests, over all lanes of a run. */
  readonly nextAsk: () => number
  /**
   * Hears what the lane does, at the moment. An EventSource that comes back by itself keeps its number: it is asked
   * once, and answered anew after each end.
   */
  readonly observe: (observation: Observation) => void
  /**
   * Hears each message once, in order.
   *
   * @param payloadBytes of its JSON in UTF-8
   * @param atMs by the page's clock
   */
  readonly heard: (message: LabMessage, payloadBytes: number, atMs: number) => void
}

/**
 * A lane that hears: one of the four ways with what a browser brings, as little as is right. After trouble it asks
 * again from its offset until it is stopped, at the latest when the run is over; the waits grow (`backoff.ts`).
 */
export interface RunningLane {
  readonly way: Way
  readonly place: LanePlace
  /** @throws NotSaid */
  say(message: SpokenMessage): Promise<void>
  /** From the next request on. */
  useSettings(settings: LaneSettings): void
  /** The client's end closes, at once; nothing is heard any more. Safe to call twice. */
  stop(): void
}

export type OpenLane = (options: LaneOptions) => RunningLane

/** A message that did not go up, or of which nobody knows: it may be heard nevertheless. */
export class NotSaid extends Error {
  override readonly name = 'NotSaid'
  readonly code = 'not-said'
}
