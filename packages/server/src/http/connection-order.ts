import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Requests that a client may send before their answers. Past this many its connection is not read until half of
 * them are answered; what was read by then, one buffer of Node's (64 KiB), is still taken.
 */
const maxRequestsAhead = 100

/** What appends of one connection that wait for the disk together may bring, bytes; past that they wait for each other. */
const maxBytesTogether = 1024 * 1024

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The body of an append, whole or as announced, bytes. Absent for what is no append, or does not say. */
  readonly appendBytes: number | undefined
  /** It has its place among the messages of its channel, or is refused. */
  hasPlace: boolean
  /** Who waits for that: the append behind it. */
  onPlace: (() => void) | undefined
}

interface Connection {
  readonly unanswered: Set<Visit>
  /** Of appends that are not answered, bytes. */
  appendBytes: number
  /** The latest request; none once all are answered: an idle connection holds none. */
  last: Visit | undefined
  isHeldBack: boolean
}

/** A request's turn on its connection. */
export interface Turn {
  /** When it may be done; absent when that is now. */
  readonly begins: Promise<void> | undefined
  /** An append has its place: the append behind it may be done, though it is not kept yet. */
  placed(): void
}

/**
 * What each connection has asked and not been answered: HTTP/1.1 lets a client send its next request before.
 * Node writes the answers in order; what the requests do is in order only where this says so.
 *
 * Requests are done one after the other, but for appends behind appends: those are admitted one after the
 * other, and wait for the disk together.
 *
 * @see RFC 9112 §9.3.2
 */
export class ConnectionOrder {
  readonly #connections = new WeakMap<Socket, Connection>()

  began(request: IncomingMessage, response: ServerResponse, appendBytes: number | undefined): Turn {
    const { socket } = request
    const known = this.#connections.get(socket)
    const visit: Visit = { request, response, appendBytes, hasPlace: false, onPlace: undefined }
    const begins = known?.last && known.unanswered.size > 0 ? turnAfter(known, known.last, visit) : undefined
    if (known) known.last = visit
    const held = known ?? this.#add(socket, visit)
    const { unanswered } = held
    unanswered.add(visit)
    held.appendBytes += appendBytes ?? 0
    if (unanswered.size > maxRequestsAhead && !held.isHeldBack) {
      held.isHeldBack = true
      // Node reads on after each request that it has parsed: when it is through with this buffer.
      process.nextTick(() => {
        if (held.isHeldBack) socket.pause()
      })
    }
    const placed = () => {
      visit.hasPlace = true
      visit.onPlace?.()
    }
    response.once('close', () => {
      unanswered.delete(visit)
      held.appendBytes -= appendBytes ?? 0
      if (unanswered.size === 0 && request.complete) held.last = undefined
      // An append that was refused has no other place.
      placed()
      if (!held.isHeldBack || unanswered.size > maxRequestsAhead / 2) return
      held.isHeldBack = false
      socket.resume()
    })
    return { begins, placed }
  }

  /**
   * Resolves when all that this connection has asked so far is answered. On one that is cut it may never do so.
   */
  async answered(socket: Socket): Promise<void> {
    const connection = this.#connections.get(socket)
    if (!connection?.last || connection.unanswered.size === 0) return
    // The last alone, since Node writes them in order.
    await written(connection.last.response)
  }

  /** Node has let go of the connection: whoever takes it over reads it, or not. */
  letGo(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection) connection.isHeldBack = false
  }

  /** The connection has become something else. */
  forget(socket: Socket): void {
    this.#connections.delete(socket)
  }

  /** Whether bytes written now would be taken for the answer to what could not be understood, and to nothing else. */
  isFreeToAnswer(socket: Socket): boolean {
    const connection = this.#connections.get(socket)
    if (!connection) return true
    const { unanswered, last } = connection
    if (!last) return true
    if (last.request.complete) return unanswered.size === 0
    // The last request broke off in its body: the answer is its own, unless it has one.
    return unanswered.size === 1 && unanswered.has(last) && !last.response.headersSent
  }

  #add(socket: Socket, last: Visit): Connection {
    const connection = { unanswered: new Set<Visit>(), appendBytes: 0, last, isHeldBack: false }
    this.#connections.set(socket, connection)
    return connection
  }
}

function turnAfter({ appendBytes }: Connection, last: Visit, next: Visit): Promise<void> | undefined {
  const isTogether = last.appendBytes !== undefined && next.appendBytes !== undefined
  if (!isTogether || appendBytes + next.appendBytes > maxBytesTogether) return written(last.response)
  if (last.hasPlace) return undefined
  return new Promise((resolve) => {
    last.onPlace = resolve
  })
}

async function written(response: ServerResponse): Promise<void> {
  if (!response.closed) await new Promise<void>((resolve) => response.once('close', resolve))
}
