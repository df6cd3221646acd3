import type { Beating } from '../hub/index.js'
import type { Leaving, Station } from './transport.js'
import type { WebSocketConnection } from './websocket-connection.js'

/** Heartbeats without a byte from the client after which it is given up. */
const maxSilentBeats = 2

/**
 * Pings a socket with each heartbeat, and cuts it when nothing comes back. Silence does not count while our
 * own writes are blocked, since the pong may wait behind them, nor while we do not read.
 */
export class Liveness implements Beating, Leaving {
  readonly #station: Station
  readonly #connection: WebSocketConnection
  readonly #leaving: Leaving
  #bytesHeard = 0
  #silentBeats = 0

  constructor(station: Station, connection: WebSocketConnection, leaving: Leaving) {
    this.#station = station
    this.#connection = connection
    this.#leaving = leaving
  }

  start(): void {
    this.#station.heartbeat.add(this)
    this.#station.streams.add(this)
  }

  stop(): void {
    this.#station.heartbeat.delete(this)
    this.#station.streams.delete(this)
  }

  beat(): void {
    const isSilent = this.#connection.bytesHeard === this.#bytesHeard
    this.#bytesHeard = this.#connection.bytesHeard
    if (this.#connection.isBackedUp) return
    this.#silentBeats = isSilent && !this.#connection.isPaused ? this.#silentBeats + 1 : 0
    if (this.#silentBeats > maxSilentBeats) this.#connection.terminate()
    else this.#connection.ping()
  }

  goAway(retryAfterMs: number): void {
    this.#leaving.goAway(retryAfterMs)
  }
}
