import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { ConnectionGone } from '../exchange.js'
import type { WebSocketConnection } from '../websocket-connection.js'
import { StreamBackedSink } from './stream-backed-sink.js'

/** Close codes that `ws` chooses for what it can not parse, with the problem that stands for each. */
const reasonOfParserClose: Record<number, string> = {
  1002: 'request-malformed',
  1007: 'message-invalid',
  1008: 'fragments-too-many',
  1009: 'message-too-large',
}

/** Longest wait for appends before a close frame; then it goes out without them. */
const closeWaitMs = 5_000

/**
 * `ws` answers a close frame the moment it is parsed. The appends before it must be kept and echoed first, so
 * `close`, through which every close frame goes, waits for them.
 */
class PatientWebSocket extends WebSocket {
  settled: () => Promise<void> = async () => {}
  /** From the first word of a close on, from either side. */
  isClosing = false

  override close(code?: number, reason?: string | Buffer): void {
    if (this.isClosing) {
      super.close(code, reason)
      return
    }
    this.isClosing = true
    const why = reason === undefined || reason.length === 0 ? reasonOfParserClose[code ?? 0] : reason
    const finish = () => super.close(code, why)
    const timer = setTimeout(finish, closeWaitMs)
    this.settled()
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer)
        finish()
      })
  }
}

/**
 * Takes the handshake and the frames that come in to `ws`, and writes the frames that go out to the socket
 * itself: a frame that a thousand readers hear is built once and is not copied.
 */
export class WebSocketUpgrader {
  readonly #server: WebSocketServer

  constructor(options: { maxMessageBytes: number }) {
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      WebSocket: PatientWebSocket,
      handleProtocols: (offered, request) => {
        const chosen = chosenSubprotocols.get(request)
        return chosen !== undefined && offered.has(chosen) ? chosen : false
      },
    })
  }

  upgrade(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    subprotocol: string | undefined,
  ): Promise<WebSocketConnection> {
    if (subprotocol !== undefined) chosenSubprotocols.set(request, subprotocol)
    return new Promise((resolve, reject) => {
      // `ws` calls back only for a socket that is still there and a handshake that it likes.
      const gone = () => reject(new ConnectionGone())
      socket.once('close', gone)
      this.#server.handleUpgrade(request, socket, head, (client) => {
        socket.off('close', gone)
        resolve(new WebSocketSink(client as PatientWebSocket, socket, subprotocol))
      })
    })
  }
}

/** `ws` asks for the subprotocol in a callback that knows only the request. */
const chosenSubprotocols = new WeakMap<IncomingMessage, string>()

class WebSocketSink extends StreamBackedSink implements WebSocketConnection {
  readonly subprotocol: string | undefined
  readonly #client: PatientWebSocket
  readonly #socket: Socket
  /** Who wants the client not to be heard now. */
  #pauses = 0

  constructor(client: PatientWebSocket, socket: Socket, subprotocol: string | undefined) {
    super(socket)
    this.subprotocol = subprotocol
    this.#client = client
    this.#socket = socket
    // What comes with the handshake waits until somebody hears it.
    this.pause()
    // Malformed frames close the socket with the code that `ws` chose; there is nothing else to do.
    client.on('error', () => {})
  }

  /** No data follows a close frame. @see RFC 6455 §5.5.1 */
  override get isGone(): boolean {
    return this.#client.readyState !== WebSocket.OPEN || super.isGone
  }

  get bytesHeard(): number {
    return this.#socket.bytesRead
  }

  onMessage(callback: (data: Buffer, isBinary: boolean) => void): void {
    this.#client.on('message', (data, isBinary) => {
      if (!this.#client.isClosing) callback(data as Buffer, isBinary)
    })
    this.resume()
  }

  onGone(callback: () => void): void {
    this.#client.once('close', callback)
  }

  beforeClose(settled: () => Promise<void>): void {
    this.#client.settled = settled
  }

  close(code: number, reason: string): void {
    this.#client.close(code, reason)
  }

  pause(): void {
    if (this.#pauses++ === 0) this.#client.pause()
  }

  resume(): void {
    if (--this.#pauses === 0) this.#client.resume()
  }

  get isPaused(): boolean {
    return this.#client.isPaused
  }

  ping(): void {
    this.#client.ping()
  }

  terminate(): void {
    this.#client.terminate()
  }
}
