import type { Socket } from 'node:net'
import type { Way } from '@tidings/protocol'

/** What a connection's bytes are spent on: hearing in one of the four ways, publishing, or anything else. */
export type Purpose = Way | 'publish' | 'other'

export const purposes: readonly Purpose[] = [
  'short-poll',
  'long-poll',
  'sse',
  'websocket',
  'publish',
  'other',
]

export interface WayCosts {
  requests: number
  /** Answers that brought no message. */
  emptyAnswers: number
  /** Connections whose first request was of this purpose. */
  connectionsOpened: number
  connectionsOpen: number
  /** From the sockets' own counters: request lines, headers, frames and bodies. */
  bytesIn: number
  bytesOut: number
  /** The messages' own bytes within `bytesOut` (for publishing: within `bytesIn`). */
  payloadBytes: number
}

interface Connection {
  purpose: Purpose | undefined
  countedIn: number
  countedOut: number
}

/**
 * Counts what each way costs. A kept-alive connection may carry requests of several purposes: what its socket
 * counted since the last reckoning goes to the request that is answered.
 */
export class Costs {
  readonly #costs: Record<Purpose, WayCosts>
  readonly #connections = new Map<Socket, Connection>()

  constructor() {
    this.#costs = Object.fromEntries(purposes.map((purpose) => [purpose, noCosts()])) as Record<
      Purpose,
      WayCosts
    >
  }

  connectionOpened(socket: Socket): void {
    // A socket whose request was read anew (an upgrade that we do not take) opens once.
    if (this.#connections.has(socket)) return
    this.#connections.set(socket, { purpose: undefined, countedIn: 0, countedOut: 0 })
    socket.once('close', () => this.#connectionClosed(socket))
  }

  requestBegan(socket: Socket, purpose: Purpose): void {
    const connection = this.#connections.get(socket)
    if (!connection) return
    if (connection.purpose === undefined) this.#costs[purpose].connectionsOpened++
    else this.#costs[connection.purpose].connectionsOpen--
    this.#costs[purpose].connectionsOpen++
    connection.purpose = purpose
    this.#costs[purpose].requests++
  }

  /** The answer has gone to the socket as a whole. */
  requestEnded(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection) this.#reckon(socket, connection)
  }

  emptyAnswer(purpose: Purpose): void {
    this.#costs[purpose].emptyAnswers++
  }

  payload(purpose: Purpose, bytes: number): void {
    this.#costs[purpose].payloadBytes += bytes
  }

  get openConnections(): number {
    return this.#connections.size
  }

  snapshot(): Record<Purpose, WayCosts> {
    for (const [socket, connection] of this.#connections) {
      if (connection.purpose === 'sse' || connection.purpose === 'websocket') this.#reckon(socket, connection)
    }
    return structuredClone(this.#costs)
  }

  #connectionClosed(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (!connection) return
    this.#reckon(socket, connection)
    if (connection.purpose) this.#costs[connection.purpose].connectionsOpen--
    this.#connections.delete(socket)
  }

  #reckon(socket: Socket, connection: Connection): void {
    const costs = this.#costs[connection.purpose ?? 'other']
    costs.bytesIn += socket.bytesRead - connection.countedIn
    costs.bytesOut += socket.bytesWritten - connection.countedOut
    connection.countedIn = socket.bytesRead
    connection.countedOut = socket.bytesWritten
  }
}

function noCosts(): WayCosts {
  return {
    requests: 0,
    emptyAnswers: 0,
    connectionsOpened: 0,
    connectionsOpen: 0,
    bytesIn: 0,
    bytesOut: 0,
    payloadBytes: 0,
  }
}
