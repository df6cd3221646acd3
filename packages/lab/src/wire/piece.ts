import type { ByteString } from '@tidings/protocol'

/** What went over a socket in one direction at once. */
export interface Piece {
  readonly bytes: ByteString
  /** So many bytes followed that the trace does not tell. */
  readonly missing: number
  /** By the server's clock. */
  readonly atMs: number
}
