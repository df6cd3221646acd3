import type { Sink } from '../hub/index.js'

/** Who converses on a WebSocket. */
export interface WebSocketListener {
  /** In order; called synchronously, as frames are parsed. The bytes are the listener's only until it returns. */
  tookMessage(data: Buffer, isBinary: boolean): void
  /** Resolves when all is pushed that belongs before a close frame, our own or the answer to the client's. */
  settled(): Promise<void>
  /** Called once, when the connection is gone. */
  gone(): void
}

/** An open WebSocket: frames go out as a sink's bytes, messages come in with their fragments joined. */
export interface WebSocketConnection extends Sink {
  readonly subprotocol: string | undefined
  /**
   * As `push`, of bytes as a string with a code unit (0 to 255) for each: many small frames become bytes together.
   */
  pushByteString(bytes: string): void
  /** Begins to take what the client sends. The listener is the only one. */
  hear(listener: WebSocketListener): void
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
