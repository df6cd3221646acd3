/**
 * The part of a WebSocket that the client uses: browsers' own, Node's from version 22 on, or that of the
 * package `ws` on Node 20.
 *
 * Handlers are declared as taking `never`, so that implementations whose event classes differ all fit.
 *
 * @see WebSockets standard, https://websockets.spec.whatwg.org/#the-websocket-interface
 */
export interface WebSocketLike {
  readonly protocol: string
  readonly bufferedAmount: number
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  send(text: string): void
  close(code?: number, reason?: string): void
  /** Only `ws` has it: ends a connection whose other side does not answer, without the close handshake. */
  terminate?(): void
}

export type WebSocketConstructor = new (url: string, protocols: string) => WebSocketLike
