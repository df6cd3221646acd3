import { labLimits, type Way, type Workload } from '@tidings/protocol'
import type { LaneSettings } from './lane-settings.js'

/** Whom a recommendation is for. */
export interface Audience {
  readonly readers: number
  /** How often one of them says something, per minute. */
  readonly saysPerMinute: number
  /** How late a message may be, milliseconds. */
  readonly toleratedDelayMs: number
}

/** All that a visitor chooses; it stands in the page's address. */
export interface Choices {
  /** A preset's name; what differs from the preset is the visitor's own. */
  readonly preset: string
  readonly workload: Workload
  readonly settings: LaneSettings
  readonly audience: Audience
}

export interface Range {
  readonly least: number
  readonly most: number
}

/** What the page's controls and its address take; beyond it lies the nearest end. */
export const choiceLimits = {
  messagesPerSecond: { least: 0, most: labLimits.messagesPerSecond },
  burst: { least: 1, most: labLimits.burst },
  messageBytes: { least: labLimits.leastMessageBytes, most: labLimits.messageBytes },
  readersPerWay: { least: 0, most: labLimits.readersPerWay },
  pollIntervalMs: { least: 50, most: 30_000 },
  holdSeconds: { least: 1, most: 55 },
  audienceReaders: { least: 1, most: 1_000_000 },
  saysPerMinute: { least: 0, most: 1_200 },
  toleratedDelayMs: { least: 10, most: 600_000 },
} as const satisfies Record<string, Range>

export const noReaders: Readonly<Record<Way, number>> = {
  'short-poll': 0,
  'long-poll': 0,
  sse: 0,
  websocket: 0,
}

export function within({ least, most }: Range, value: number): number {
  return Math.min(most, Math.max(least, value))
}
