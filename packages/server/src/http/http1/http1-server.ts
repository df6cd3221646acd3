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

export interface Http1Options {
  /** The socket that the network sees, under the one that HTTP is read from. */
  readonly wireOf: (socket: Socket) => Socket
  /** An append of known length: others like it may be looked at before it is kept. */
  readonly isAppend: (head: RequestHead) => boolean
  readonly take: (turn: Turn) => void
  readonly limits?: Partial<Http1Limits>
  readonly checkMs?: number
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
  readonly #connections = new Set<WatchedConnection>()
  readonly #clock: NodeJS.Timeout

  constructor(options: Http1Options) {
    this.limits = { ...defaultLimits, ...options.limits }
    this.wireOf = options.wireOf
    this.isAppend = options.isAppend
    this.take = options.take
    this.#clock = setInterval(() => this.#checkTime(), options.checkMs ?? checkMs)
    this.#clock.unref()
  }

  /** Reads requests from a socket. Nobody else reads it. */
  serve(socket: Socket): void {
    this.#connections.add(new Connection(socket, this))
  }

  forget(connection: WatchedConnection): void {
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
