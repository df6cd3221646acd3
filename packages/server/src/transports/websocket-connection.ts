import type { Sink } from '../hub/index.js'

/** An open WebSocket: frames go out as a sink's bytes, messages come in with their fragments joined. */
export interface WebSocketConnection extends Sink {
  readonly subprotocol: string | undefined
  /**
   * As `push`, of bytes as a string with a code unit (0 to 255) for each: many small frames become bytes together.
   */
  pushByteString(bytes: string): void
  /** In order; called synchronously, as frames are parsed. */
  onMessage(callback: (data: Buffer, isBinary: boolean) => void): void
  /** Called once, when the connection is gone. */
  onGone(callback: () => void): void
  /** What has to be written before any close frame goes out, our own or the answer to the client's. */
  beforeClose(settled: () => Promise<void>): void
  /** Ends the conversation from our side; later messages are not heard. @see RFC 6455 §7.1.2 */
  close(code: number, reason: string): void
  /** Stops taking what the client sends, until each of those who paused has resumed. */
  pause(): void
  resume(): void
  /** Nothing that the client sends is taken now. */
  readonly isPaused: boolean
  ping(): void
  /** Cuts the connection. */
  terminate(): void
  /** All that the client has ever sent, bytes: grows as long as it lives. */
  readonly bytesHeard: number
}
