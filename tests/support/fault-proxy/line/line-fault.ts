import type { Direction, Faults } from '../faults.js'

/** Bytes on their way. */
export interface Passing {
  readonly bytes: Buffer
  readonly delayMs: number
  /** The connection ends behind them. */
  readonly isLast?: boolean
}

/** What is remembered of one direction of one connection. */
export interface Course {
  readonly direction: Direction
  /** What comes is lost. */
  isLost: boolean
  /** When the last slice has left a line that carries so many bytes a second. */
  freeAtMs: number
}

/** A fault of the network: it knows bytes and connections, and nothing of HTTP. */
export interface LineFault {
  /** What becomes of bytes that have come. */
  readonly take?: (passing: Passing, course: Course, faults: Faults) => readonly Passing[]
  /** Whether bytes that have come may go on now. */
  readonly mayGoOn?: (faults: Faults) => boolean
  /** How long a connection without a byte lives, milliseconds. */
  readonly lifeMs?: (faults: Faults) => number
  /** Whether a connection that comes is taken. */
  readonly mayCome?: (faults: Faults) => boolean
}
