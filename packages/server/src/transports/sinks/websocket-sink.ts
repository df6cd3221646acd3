import type { Socket } from 'node:net'
import { ConnectionGone } from '../exchange.js'
import type { WebSocketConnection, WebSocketListener } from '../websocket-connection.js'
import { type FrameListener, FrameReader, FrameViolation } from './frame-reader.js'
import { hear, type SocketListener } from './socket-listener.js'
import { StreamBackedSink } from './stream-backed-sink.js'
import { closeFrame, pingFrame, pongFrame } from './websocket-frame.js'
import { handshakeAnswer } from './websocket-handshake.js'

/** Longest wait for appends before a close frame; then it goes out without them. */
const closeWaitMs = 5_000
/** Longest wait for the client's part of a close; then the connection is cut. */
const closeAnswerMs = 30_000

/**
 * Turns a connection into a WebSocket. The handshake is sound: that is for who takes the request.
 *
 * @param socket  nobody else hears it any more
 * @param head    what came behind the handshake
 * @throws ConnectionGone
 */
export function upgradeToWebSocket(
  socket: Socket,
  head: Buffer,
  options: {
    readonly key: string
    readonly subprotocol: string | undefined
    readonly maxMessageBytes: number
  },
): WebSocketConnection {
  if (!socket.readable || !socket.writable) {
    socket.destroy()
    throw new ConnectionGone()
  }
  socket.setTimeout(0)
  // What comes with the handshake waits until somebody hears it.
  socket.pause()
  if (head.byteLength > 0) socket.unshift(head)
  socket.write(handshakeAnswer(options.key, options.subprotocol))
  return new WebSocketSink(socket, options.subprotocol, options.maxMessageBytes)
}

/**
 * How far a close has come. There is no way back.
 *
 *     open ──close(), the client's close, bad frames──▶ closing ──appends are kept──▶ closed
 *                                                    a close frame is sent when it becomes closed
 */
type State = 'open' | 'closing' | 'closed'

/**
 * A WebSocket on its raw socket. A frame that a thousand readers hear is built once and is not copied.
 *
 * A close, from either side, waits until the appends before it are kept and echoed. @see RFC 6455 §7.1
 *
 * Budget: idle, one object, and no listener of its own on its socket (bench/idle).
 */
class WebSocketSink extends StreamBackedSink implements WebSocketConnection, FrameListener, SocketListener {
  readonly subprotocol: string | undefined
  readonly #socket: Socket
  readonly #maxMessageBytes: number
  /** Present while a frame or a message is cut. */
  #reader: FrameReader | undefined
  #state: State = 'open'
  /** Nothing of the client's comes any more that we would hear. */
  #hasHeardLast = false
  /** Who wants the client not to be heard now. */
  #pauses = 1
  /** Answers to pings that are not written yet. */
  #pongs: Buffer[] | undefined
  /** Some were written, and the system has not taken them. */
  #isPongUnderWay = false
  #listener: WebSocketListener | undefined
  /** What is not waited for any more when the connection is gone. */
  #wait: NodeJS.Timeout | undefined

  constructor(socket: Socket, subprotocol: string | undefined, maxMessageBytes: number) {
    super(socket)
    this.#socket = socket
    this.subprotocol = subprotocol
    this.#maxMessageBytes = maxMessageBytes
    hear(socket, this)
  }

  /** No data follows a close frame. @see RFC 6455 §5.5.1 */
  override get isGone(): boolean {
    return this.#state === 'closed' || super.isGone
  }

  get bytesHeard(): number {
    return this.#socket.bytesRead
  }

  get isPaused(): boolean {
    return this.#pauses > 0
  }

  hear(listener: WebSocketListener): void {
    this.#listener = listener
    if (this.#socket.destroyed) this.closed()
    else this.resume()
  }

  pause(): void {
    if (this.#pauses++ === 0) this.#socket.pause()
  }

  resume(): void {
    if (--this.#pauses === 0) this.#socket.resume()
  }

  terminate(): void {
    this.#socket.destroy()
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#unlessGoneIn(closeWaitMs, () => this.#sendClose(code, reason))
    const settled = this.#listener?.settled() ?? Promise.resolve()
    settled.catch(() => {}).finally(() => this.#sendClose(code, reason))
  }

  #sendClose(code: number, reason: string): void {
    if (this.#state === 'closed') return
    clearTimeout(this.#wait)
    this.flush()
    this.#state = 'closed'
    if (this.#socket.destroyed) return
    this.#socket.write(closeFrame(code, reason))
    if (this.#hasHeardLast) this.#socket.end()
    this.#unlessGoneIn(closeAnswerMs, () => this.terminate())
    // The client's part of the close may wait behind what was not read.
    this.#socket.resume()
  }

  ping(): void {
    if (!this.isGone) this.#socket.write(pingFrame)
  }

  tookMessage(data: Buffer, isBinary: boolean): void {
    if (this.#state === 'open') this.#listener?.tookMessage(data, isBinary)
  }

  tookPing(payload: Buffer): void {
    const pong = pongFrame(payload)
    if (this.#pongs && !this.#isPongUnderWay) this.#pongs.push(pong)
    else this.#pongs = [pong]
  }

  /**
   * Answers the pings of a chunk in one write. To a client that does not read, the answer to its latest alone
   * waits behind that write: thousands of pings cost one frame. @see RFC 6455 §5.5.3
   */
  #sendPongs(): void {
    if (!this.#pongs || this.#isPongUnderWay || this.isGone) return
    const pongs = Buffer.concat(this.#pongs)
    this.#pongs = undefined
    this.#isPongUnderWay = true
    this.#socket.write(pongs, () => {
      this.#isPongUnderWay = false
      this.#sendPongs()
    })
  }

  tookClose(code: number, reason: string): void {
    this.#hasHeardLast = true
    if (this.#state === 'closed') this.#socket.end()
    else this.close(code, reason)
  }

  took(chunk: Buffer): void {
    if (this.#hasHeardLast) return
    const reader = this.#reader ?? new FrameReader(this, { maxMessageBytes: this.#maxMessageBytes })
    try {
      reader.take(chunk)
      this.#reader = reader.isBetweenMessages ? undefined : reader
    } catch (error) {
      if (!(error instanceof FrameViolation)) throw error
      // What still comes is let pass until the client ends its side, or the wait for that is over.
      this.#hasHeardLast = true
      if (this.#state === 'closed') this.#socket.end()
      else this.close(error.closeCode, error.reason)
    }
    this.#sendPongs()
  }

  /** Its half of the connection, without a word or after its close. */
  clientEnded(): void {
    this.#hasHeardLast = true
    if (this.#state !== 'open') {
      // Its answer to our close was the end alone, or our close is still to come and ends it.
      if (this.#state === 'closed') this.#socket.end()
      return
    }
    // No close frame can follow our own end.
    this.#state = 'closed'
    this.#socket.end()
    this.#unlessGoneIn(closeAnswerMs, () => this.terminate())
  }

  /** Whoever waits for what drains hears of it from the stream. */
  goOn(): void {}

  closed(): void {
    clearTimeout(this.#wait)
    const listener = this.#listener
    this.#listener = undefined
    listener?.gone()
  }

  /** In place of what was waited for before. */
  #unlessGoneIn(ms: number, act: () => void): void {
    clearTimeout(this.#wait)
    this.#wait = setTimeout(act, ms)
  }
}
