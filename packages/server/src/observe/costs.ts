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
  /** From the sockets' own counters: request lines, headers, frames and bodies; with TLS what it adds, too. */
  bytesIn: number
  bytesOut: number
  /** The messages' own bytes within `bytesOut` (for publishing: within `bytesIn`). */
  payloadBytes: number
  /**
   * What coding kept off the wire: bodies' bytes less the bytes that went for them. `payloadBytes` are the
   * messages' own, so what hearing has cost beside them is `bytesOut + bytesSaved - payloadBytes`.
   */
  bytesSaved: number
}

interface Connection {
  /** The latest request's. */
  purpose: Purpose | undefined
  countedIn: number
  countedOut: number
  /** HTTP/2: what its streams took and gave since the last reckoning. Absent where one request comes after another. */
  weights: { readonly in: Map<Purpose, number>; readonly out: Map<Purpose, number> } | undefined
}

/**
 * Counts what each way costs. A kept-alive connection may carry requests of several purposes: what its socket
 * counted since the last reckoning goes to the request that is answered.
 *
 * On a connection of HTTP/2 several requests are under way at once, and the socket counts for all of them:
 * what it counted goes to the purposes by what their streams took and gave (heads as text, bodies as they
 * are). What nobody's stream moved (settings, window updates, TLS) goes to the latest request's.
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
    this.#connections.set(socket, {
      purpose: undefined,
      countedIn: 0,
      countedOut: 0,
      weights: undefined,
    })
  }

  connectionClosed(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (!connection) return
    this.#reckon(socket, connection)
    if (connection.purpose) this.#costs[connection.purpose].connectionsOpen--
    this.#connections.delete(socket)
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

  /** A stream of this purpose, one of several on the connection, has taken and given so many bytes. */
  weigh(socket: Socket, purpose: Purpose, bytes: { readonly in: number; readonly out: number }): void {
    const connection = this.#connections.get(socket)
    if (!connection) return
    connection.weights ??= { in: new Map(), out: new Map() }
    addTo(connection.weights.in, purpose, bytes.in)
    addTo(connection.weights.out, purpose, bytes.out)
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

  saved(purpose: Purpose, bytes: number): void {
    this.#costs[purpose].bytesSaved += bytes
  }

  get openConnections(): number {
    return this.#connections.size
  }

  snapshot(): Record<Purpose, WayCosts> {
    for (const [socket, connection] of this.#connections) {
      const { purpose, weights } = connection
      if (purpose === 'sse' || purpose === 'websocket' || weights) this.#reckon(socket, connection)
    }
    return structuredClone(this.#costs)
  }

  #reckon(socket: Socket, connection: Connection): void {
    const { purpose: latest = 'other', weights } = connection
    const { bytesRead, bytesWritten } = socket
    const read = bytesRead - connection.countedIn
    const written = bytesWritten - connection.countedOut
    connection.countedIn = bytesRead
    connection.countedOut = bytesWritten
    if (!weights) {
      this.#costs[latest].bytesIn += read
      this.#costs[latest].bytesOut += written
      return
    }
    for (const [purpose, bytes] of shares(read, weights.in, latest)) this.#costs[purpose].bytesIn += bytes
    for (const [purpose, bytes] of shares(written, weights.out, latest))
      this.#costs[purpose].bytesOut += bytes
  }
}

function addTo(weights: Map<Purpose, number>, purpose: Purpose, bytes: number): void {
  if (bytes > 0) weights.set(purpose, (weights.get(purpose) ?? 0) + bytes)
}

/** Shares bytes out by weight, none lost to rounding, and takes the weights, unless there was nothing to share yet. */
function shares(bytes: number, weights: Map<Purpose, number>, latest: Purpose): [Purpose, number][] {
  if (bytes === 0) return []
  let weightLeft = 0
  for (const weight of weights.values()) weightLeft += weight
  if (weightLeft === 0) return [[latest, bytes]]
  let bytesLeft = bytes
  const shared = [...weights].map(([purpose, weight]): [Purpose, number] => {
    const share = Math.round((bytesLeft * weight) / weightLeft)
    bytesLeft -= share
    weightLeft -= weight
    return [purpose, share]
  })
  weights.clear()
  return shared
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
    bytesSaved: 0,
  }
}
