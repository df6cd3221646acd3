import type { Socket } from 'node:net'
import { Connection } from './connection.js'
import type { ConnectionHost, Http1Limits, WatchedConnection } from './connection-host.js'
import type { RequestHead } from './head.js'
import { Heads } from './heads.js'
import type { Turn } from './turn.js'

/** The clock by which connections are asked whether they have lasted too long, milliseconds. */
const checkMs = 1_000

/** As Node's own server has them; idle connections are kept longer than proxies keep theirs (60 s). */
const defaultLimits: Http1Limits = {
  headMs: 60_000,
  bodyMs: 300_000,
  keepAliveMs: 75_000,
  passMs: 15_000,
  passBytes: 64 * 1024 * 1024,
}

/** How much of a turn of the event loop requests may take together, milliseconds. */
const defaultTurnMs = 4

export interface Http1Options {
  /** The socket that the network sees, under the one that HTTP is read from. */
  readonly wireOf: (socket: Socket) => Socket
  /** An append of known length: others like it may be looked at before it is kept. */
  readonly isAppend: (head: RequestHead) => boolean
  readonly take: (turn: Turn) => void
  /** Hears of each connection before it is read. */
  readonly onServe?: (connection: { readonly socket: Socket; readonly wire: Socket }) => void
  readonly limits?: Partial<Http1Limits>
  readonly checkMs?: number
  readonly turnMs?: number
}

/** Speaks HTTP/1 on the sockets that it is given. */
export class Http1Server implements ConnectionHost {
  readonly limits: Http1Limits
  readonly heads = new Heads()
  nowMs = performance.now()
  isStopping = false
  readonly wireOf: (socket: Socket) => Socket
  readonly isAppend: (head: RequestHead) => boolean
  readonly take: (turn: Turn) => void
  readonly #onServe: Http1Options['onServe']
  readonly #turnMs: number
  /** When requests began to be taken in this turn of the event loop. */
  #turnBeganMs: number | undefined
  #later = new Set<WatchedConnection>()
  readonly #connections = new Set<WatchedConnection>()
  readonly #clock: NodeJS.Timeout

  constructor(options: Http1Options) {
    this.limits = { ...defaultLimits, ...options.limits }
    this.wireOf = options.wireOf
    this.isAppend = options.isAppend
    this.take = options.take
    this.#onServe = options.onServe
    this.#turnMs = options.turnMs ?? defaultTurnMs
    this.#clock = setInterval(() => this.#checkTime(), options.checkMs ?? checkMs)
    this.#clock.unref()
  }

  /** Reads requests from a socket. Nobody else reads it. */
  serve(socket: Socket): void {
    const connection = new Connection(socket, this)
    this.#connections.add(connection)
    this.#onServe?.(connection)
  }

  /** Those that requests are read from; WebSockets are not among them. */
  get connections(): Iterable<WatchedConnection> {
    return this.#connections
  }

  hasTimeFor(connection: WatchedConnection): boolean {
    const nowMs = performance.now()
    if (this.#turnBeganMs === undefined) {
      this.#turnBeganMs = nowMs
      setImmediate(this.#nextTurn)
      return true
    }
    if (nowMs - this.#turnBeganMs < this.#turnMs) return true
    this.#later.add(connection)
    return false
  }

  /** A thousand clients that ask in the same moment are not one turn of the event loop. */
  readonly #nextTurn = (): void => {
    this.#turnBeganMs = undefined
    if (this.#later.size === 0) return
    const waiting = this.#later
    this.#later = new Set()
    for (const connection of waiting) connection.goOn()
  }

  forget(connection: WatchedConnection): void {
    this.#later.delete(connection)
    this.#connections.delete(connection)
  }

  /** Closes the connections without a request; every answer is the last one on the others. */
  stop(): void {
    this.isStopping = true
    for (const connection of this.#connections) connection.endIfIdle()
  }

  /** To be called when all connections are closed. */
  close(): void {
    clearInterval(this.#clock)
  }

  #checkTime(): void {
    this.nowMs = performance.now()
    for (const connection of this.#connections) connection.checkTime()
  }
}
