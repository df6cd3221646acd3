import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  readonly unanswered: Set<Visit>
  last: Visit
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
    const { unanswered } = connection ?? this.#add(socket, visit)
    unanswered.add(visit)
    response.once('close', () => unanswered.delete(visit))
  }

  /** The answers that this connection still waits for. */
  unanswered(socket: Socket): ServerResponse[] {
    return [...(this.#connections.get(socket)?.unanswered ?? [])].map(({ response }) => response)
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
    const connection = { unanswered: new Set<Visit>(), last }
    this.#connections.set(socket, connection)
    return connection
  }
}

/**
 * Resolves when these answers of one connection are written. On a connection that is cut it may never do so.
 *
 * @param responses in the order in which they were asked for, which is that in which Node writes them
 */
export async function allWritten(responses: readonly ServerResponse[]): Promise<void> {
  // The last alone: a listener of every later request on each of them would gather to the square.
  const last = responses.at(-1)
  if (last && !last.closed) await new Promise<void>((resolve) => last.once('close', resolve))
}
