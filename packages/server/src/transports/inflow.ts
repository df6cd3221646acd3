import type { WebSocketConnection } from './websocket-connection.js'

/** Appends of one socket that may wait for the disk, and what they may hold in memory. */
const maxWaiting = 1_000
const maxWaitingBytes = 4 * 1024 * 1024

/**
 * What one socket has sent and the disk has not kept yet. Past either bound the socket is not read, until
 * half of what waits is kept: a client that sends faster than the disk keeps waits at its own end.
 *
 * Budget: two sums per append; no promise.
 */
export class Inflow {
  readonly #connection: WebSocketConnection
  #waiting = 0
  #waitingBytes = 0
  #isHeldBack = false
  #settled: (() => void) | undefined

  constructor(connection: WebSocketConnection) {
    this.#connection = connection
  }

  /** @param bytes that the append holds in memory until it is settled */
  take(bytes: number): void {
    this.#waiting++
    this.#waitingBytes += bytes
    this.#look()
  }

  /** An append that was taken is kept or refused. */
  settle(bytes: number): void {
    this.#waiting--
    this.#waitingBytes -= bytes
    this.#look()
    if (this.#waiting === 0) this.#settled?.()
  }

  /** Resolves when all appends of this socket are kept or refused. Asked for once, as it closes. */
  async settled(): Promise<void> {
    if (this.#waiting === 0) return
    await new Promise<void>((resolve) => {
      this.#settled = resolve
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
