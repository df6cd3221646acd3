import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Requests that a client may send before their answers. Past this many its connection is not read until half of
 * them are answered; what was read by then, one buffer of Node's (64 KiB), is still taken.
 */
const maxRequestsAhead = 100

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  readonly unanswered: Set<Visit>
  last: Visit
  isHeldBack: boolean
}

/**
 * What each connection has asked and not been answered: HTTP/1.1 lets a client send its next request before.
 * Node writes the answers in order; what the requests do is in order only where this says so.
 *
 * @see RFC 9112 §9.3.2
 */
export class ConnectionOrder {
  readonly #connections = new WeakMap<Socket, Connection>()

  began(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request
    const visit = { request, response }
    const connection = this.#connections.get(socket)
    if (connection) connection.last = visit
    const held = connection ?? this.#add(socket, visit)
    const { unanswered } = held
    unanswered.add(visit)
    if (unanswered.size > maxRequestsAhead && !held.isHeldBack) {
      held.isHeldBack = true
      // Node reads on after each request that it has parsed: when it is through with this buffer.
      process.nextTick(() => {
        if (held.isHeldBack) socket.pause()
      })
    }
    response.once('close', () => {
      unanswered.delete(visit)
      if (!held.isHeldBack || unanswered.size > maxRequestsAhead / 2) return
      held.isHeldBack = false
      socket.resume()
    })
  }

  /**
   * Resolves when all that this connection has asked so far is answered. On one that is cut it may never do so.
   */
  async answered(socket: Socket): Promise<void> {
    const connection = this.#connections.get(socket)
    if (!connection || connection.unanswered.size === 0) return
    // The last alone, since Node writes them in order.
    const { response } = connection.last
    if (!response.closed) await new Promise<void>((resolve) => response.once('close', resolve))
  }

  /** Node has let go of the connection: whoever takes it over reads it, or not. */
  letGo(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection) connection.isHeldBack = false
  }

  /** Whether bytes written now would be taken for the answer to what could not be understood, and to nothing else. */
  isFreeToAnswer(socket: Socket): boolean {
    const connection = this.#connections.get(socket)
    if (!connection) return true
    const { unanswered, last } = connection
    if (last.request.complete) return unanswered.size === 0
    // The last request broke off in its body: the answer is its own, unless it has one.
    return unanswered.size === 1 && unanswered.has(last) && !last.response.headersSent
  }

  #add(socket: Socket, last: Visit): Connection {
    const connection = { unanswered: new Set<Visit>(), last, isHeldBack: false }
    this.#connections.set(socket, connection)
    return connection
  }
}
