import { createServer as createHttp2Server, type Http2Server, type Http2Session } from 'node:http2'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { invariant } from '@tidings/protocol'
import { type Http1Options, Http1Server } from './http1/index.js'
import { RefusedConnections } from './refused-connections.js'

/** A connection of HTTP/2 waits this long for its next stream: longer than proxies keep theirs (60 s). */
const keepAliveMs = 75_000
/** A client that has connected has this long to agree on keys. */
const handshakeMs = 30_000
/** Streams that one connection may have open; a client that has more to ask waits, or opens another. */
const maxConcurrentStreams = 1_000
/** What Node may hold for one connection of HTTP/2, megabytes; past that it takes no more streams on it. */
const maxSessionMemoryMegabytes = 64

/** A certificate with its chain, and its key, PEM. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
}

/**
 * One port and what speaks on it: HTTP/1 alone, or with TLS also HTTP/2, as the client chooses by ALPN. A
 * WebSocket comes by HTTP/1.1: that HTTP/2 could carry it is not announced (RFC 8441), so browsers open a
 * connection of HTTP/1.1 for it.
 *
 *     TCP ──plain──────────────▶ HTTP/1
 *      └───TLS──http/1.1, none─▶ HTTP/1
 *           └───h2─────────────▶ HTTP/2
 *
 * TLS stands before both, and HTTP/1 is read in the same way with and without it.
 *
 * @see RFC 7301; RFC 9113 §3.2
 */
export class Port {
  readonly http1: Http1Server
  /** It never listens: connections are handed to it. */
  readonly http2: Http2Server | undefined
  readonly #listening: Server
  readonly #tls: TlsServer | undefined
  /** Every TCP connection that is open. */
  readonly #wires = new Set<Socket>()
  readonly #sessions = new Map<Http2Session, Socket>()
  readonly #wireOf = new WeakMap<Socket, Socket>()
  readonly #shakingHands = new WiresByAddress()

  /**
   * @param maxConnections those that come past so many are refused
   * @param http1        takes requests
   * @param onConnection hears of each TCP connection that is taken, and `onConnectionClosed` of its end
   */
  constructor(options: {
    keyPair: KeyPair | undefined
    maxConnections: number
    http1: Pick<Http1Options, 'isAppend' | 'take' | 'onServe'>
    onConnection: (wire: Socket) => void
    onConnectionClosed: (wire: Socket) => void
  }) {
    this.http1 = new Http1Server({ ...options.http1, wireOf: (socket) => this.wireOf(socket) })
    if (options.keyPair) {
      this.#tls = createTlsServer({
        noDelay: true,
        // Who offers none of these is sent away in the handshake; who offers nothing speaks HTTP/1.
        ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'],
        handshakeTimeout: handshakeMs,
        ...options.keyPair,
      })
      this.#listening = this.#tls
      this.http2 = createHttp2Server({
        maxSessionMemory: maxSessionMemoryMegabytes,
        settings: { maxConcurrentStreams, enablePush: false },
      })
      this.#divide(this.#tls, this.http2)
    } else {
      // A WebSocket's client may end its half and wait for the close.
      this.#listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        this.http1.serve(socket),
      )
    }
    const port = this
    /** One for all connections: a closure for each is a part of what an idle one costs. */
    function closed(this: Socket): void {
      port.#wires.delete(this)
      options.onConnectionClosed(this)
    }
    this.#listening.on('connection', (wire: Socket) => {
      this.#wires.add(wire)
      wire.on('close', closed)
      options.onConnection(wire)
    })
    this.#guard(options.maxConnections)
  }

  /** @returns the address that it listens on */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#listening.once('error', reject)
      this.#listening.listen(port, host, () => {
        this.#listening.off('error', reject)
        resolve(this.#listening.address() as AddressInfo)
      })
    })
  }

  /** For connections from now on; those that are open keep what they agreed on. */
  useKeyPair(keyPair: KeyPair): void {
    invariant(this.#tls !== undefined, 'a certificate is changed where there was one')
    this.#tls.setSecureContext(keyPair)
  }

  /** The socket whose bytes the network sees, under the one that HTTP is read from. */
  wireOf(socket: Socket): Socket {
    return this.#wireOf.get(socket) ?? socket
  }

  /** @returns undefined when the connection of HTTP/2 is gone */
  wireOfSession(session: Http2Session | undefined): Socket | undefined {
    return session && this.#sessions.get(session)
  }

  /** No new connections; those without a request are closed now, the others when theirs is answered. */
  stopAccepting(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#listening.close(() => resolve()))
    this.http1.stop()
    for (const wire of this.#shakingHands) wire.destroy()
    // GOAWAY: what is asked from now on has not been done, and the client asks elsewhere. @see RFC 9113 §6.8
    for (const session of this.#sessions.keys()) session.close()
    return closed.finally(() => this.http1.close())
  }

  /** Also those that are WebSockets now. */
  cut(): void {
    for (const wire of this.#wires) wire.destroy()
  }

  /** Stands before everything else that hears of a connection: what is refused is not read. */
  #guard(maxConnections: number): void {
    const server = this.#listening
    const takers = server.listeners('connection') as ((wire: Socket) => void)[]
    const refused = new RefusedConnections()
    server.removeAllListeners('connection')
    server.on('connection', (wire: Socket) => {
      if (this.#wires.size >= maxConnections) {
        // In TLS nothing can be said before keys are agreed on, which is what costs most.
        refused.take(wire, { canBeAnswered: this.#tls === undefined })
      } else for (const take of takers) take.call(server, wire)
    })
  }

  /** Hands each connection to the version of HTTP that its client chose. */
  #divide(tls: TlsServer, http2: Http2Server): void {
    tls.on('connection', (wire: Socket) => this.#shakingHands.add(wire))
    // What goes wrong before keys are agreed on is told to nobody.
    tls.on('tlsClientError', (_error, socket) => socket.destroy())
    tls.on('secureConnection', (socket: TLSSocket) => {
      const wire = this.#shakingHands.take(socket) ?? socket
      this.#wireOf.set(socket, wire)
      if (socket.alpnProtocol !== 'h2') {
        this.http1.serve(socket)
        return
      }
      http2.once('session', (session) => this.#sessionBegan(session, wire))
      // Node makes the session and says so within this call.
      http2.emit('connection', socket)
    })
  }

  #sessionBegan(session: Http2Session, wire: Socket): void {
    let openStreams = 0
    this.#sessions.set(session, wire)
    session.once('close', () => this.#sessions.delete(session))
    session.on('stream', (stream) => {
      openStreams++
      stream.once('close', () => {
        openStreams--
      })
    })
    // A stream may be silent for longer than this; a connection without one is kept for the next request.
    session.setTimeout(keepAliveMs, () => {
      if (openStreams === 0) session.close()
    })
  }
}

/** Node does not say which wire a TLS socket stands on. Both know the addresses at their ends, which no two open connections share. */
class WiresByAddress {
  readonly #wires = new Map<string, Socket>()

  add(wire: Socket): void {
    const ends = endsOf(wire)
    this.#wires.set(ends, wire)
    wire.once('close', () => {
      if (this.#wires.get(ends) === wire) this.#wires.delete(ends)
    })
  }

  take(socket: TLSSocket): Socket | undefined {
    const ends = endsOf(socket)
    const wire = this.#wires.get(ends)
    this.#wires.delete(ends)
    return wire
  }

  [Symbol.iterator](): Iterator<Socket> {
    return this.#wires.values()
  }
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}
