import type { Socket } from 'node:net'
import type { LaneTag } from '@tidings/protocol'
import { type TellTrace, WireTap } from './wire-tap.js'

/** A connection of HTTP/1: where requests are read from, and what the network sees under it. */
export interface TracedSockets {
  readonly socket: Socket
  readonly wire: Socket
}

export interface Watch {
  /** Closes a connection that the watcher was told of, from the server's side. */
  cut(connection: number): void
  stop(): void
}

/**
 * Tells the watchers of channels what happens on the sockets of requests that carry a lane's tag. As long as nobody
 * watches it holds nothing, and a server pays a look at `isOn` for each request.
 *
 * With TLS it sees what is under the cipher. HTTP/2, where exchanges share a connection, is not traced.
 */
export class Trace {
  readonly #watchers = new Map<string, TellTrace>()
  /** By the wire. */
  readonly #taps = new Map<Socket, WireTap>()
  #open: () => Iterable<TracedSockets> = () => []
  #connections = 0
  #exchanges = 0
  /** One for all wires, which are let go of with the last watcher: connections outlive many of those. */
  readonly #onClose: (this: Socket) => void

  constructor() {
    const closed = (wire: Socket) => this.#closed(wire)
    this.#onClose = function () {
      closed(this)
    }
  }

  get isOn(): boolean {
    return this.#watchers.size > 0
  }

  /** @param open the connections that requests are read from now */
  useConnections(open: () => Iterable<TracedSockets>): void {
    this.#open = open
  }

  /** There is one watcher of a channel. */
  watch(channel: string, tell: TellTrace): Watch {
    if (!this.isOn) for (const sockets of this.#open()) this.#tap(sockets)
    this.#watchers.set(channel, tell)
    return {
      cut: (connection) => {
        for (const tap of this.#taps.values())
          if (tap.connection === connection && tap.isToldTo(tell)) tap.cut()
      },
      stop: () => {
        if (this.#watchers.get(channel) === tell) this.#watchers.delete(channel)
        for (const tap of this.#taps.values()) tap.forget(tell)
        if (this.isOn) return
        for (const [wire, tap] of this.#taps) {
          wire.off('close', this.#onClose)
          tap.remove()
        }
        this.#taps.clear()
      },
    }
  }

  opened(sockets: TracedSockets): void {
    if (this.isOn) this.#tap(sockets)
  }

  /**
   * @param channel the one that it is about
   * @param tag     absent for a request of nobody's lane
   * @returns whether somebody watches it
   */
  requestBegan(wire: Socket, channel: string | undefined, tag: LaneTag | undefined): boolean {
    const tap = this.#taps.get(wire)
    const tell = channel === undefined ? undefined : this.#watchers.get(channel)
    if (tag && tell && tap) {
      tap.claim(tag, tell)
      return true
    }
    tap?.pass()
    return false
  }

  requestEnded(wire: Socket): void {
    if (this.isOn) this.#taps.get(wire)?.ended()
  }

  #tap({ socket, wire }: TracedSockets): void {
    const connection = ++this.#connections
    // A browser opens some before it has anything to ask.
    const isUsed = socket.bytesRead > 0
    const tap = new WireTap(socket, { connection, isUsed, nextExchange: () => ++this.#exchanges })
    this.#taps.set(wire, tap)
    wire.once('close', this.#onClose)
  }

  #closed(wire: Socket): void {
    this.#taps.get(wire)?.closed()
    this.#taps.delete(wire)
  }
}
