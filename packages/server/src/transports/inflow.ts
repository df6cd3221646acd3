import type { WebSocketConnection } from './websocket-connection.js'

/** Appends of one socket that may wait for the disk, and what they may hold in memory. */
const maxWaiting = 1_000
const maxWaitingBytes = 4 * 1024 * 1024

/**
 * What one socket has sent and the disk has not kept yet. Past either bound the socket is not read, until
 * half of what waits is kept: a client that sends faster than the disk keeps waits at its own end.
 */
export class Inflow {
  readonly #connection: WebSocketConnection
  #waiting = 0
  #waitingBytes = 0
  #isHeldBack = false

  constructor(connection: WebSocketConnection) {
    this.#connection = connection
  }

  /**
   * @param bytes that the append holds in memory
   * @param settled when it is kept or refused; never rejects
   */
  take(bytes: number, settled: Promise<void>): void {
    this.#waiting++
    this.#waitingBytes += bytes
    this.#look()
    void settled.then(() => {
      this.#waiting--
      this.#waitingBytes -= bytes
      this.#look()
    })
  }

  #look(): void {
    const share = this.#isHeldBack ? 0.5 : 1
    const isFull = this.#waiting >= maxWaiting * share || this.#waitingBytes >= maxWaitingBytes * share
    if (isFull === this.#isHeldBack) return
    this.#isHeldBack = isFull
    if (isFull) this.#connection.pause()
    else this.#connection.resume()
  }
}
