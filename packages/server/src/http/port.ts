import { createServer, type Server } from 'node:http'
import { createServer as createHttp2Server, type Http2Server, type Http2Session } from 'node:http2'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { invariant } from '@tidings/protocol'
import { RefusedConnections } from './refused-connections.js'

/** Kept-alive connections wait this long for their next request: longer than proxies keep theirs (60 s). */
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
 * TLS stands before both, and HTTP/1 is the same Node server with and without it.
 *
 * @see RFC 7301; RFC 9113 §3.2
 */
export class Port {
  readonly http1: Server
  /** It never listens: connections are handed to it. */
  readonly http2: Http2Server | undefined
  readonly #tls: TlsServer | undefined
  /** Every TCP connection that is open. */
  readonly #wires = new Set<Socket>()
  /** Where HTTP/1 is read from: the wire, or with TLS what is deciphered from it. */
  readonly #http1Sockets = new Set<Socket>()
  readonly #sessions = new Map<Http2Session, Socket>()
  readonly #wireOf = new WeakMap<Socket, Socket>()
  readonly #shakingHands = new WiresByAddress()

  /**
   * @param maxConnections those that come past so many are refused
   * @param onConnection hears of each TCP connection that is taken, once
   */
  constructor(options: {
    keyPair: KeyPair | undefined
    maxConnections: number
    onConnection: (wire: Socket) => void
  }) {
    // Whether there is a Host is for `requestedHost` to say, as a problem.
    const http1Options = { keepAliveTimeout: keepAliveMs, requireHostHeader: false }
    if (options.keyPair) {
      const tlsOptions = {
        // Who offers none of these is sent away in the handshake; who offers nothing speaks HTTP/1.
        ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'],
        handshakeTimeout: handshakeMs,
      }
      this.#tls = createTlsServer({ ...http1Options, ...tlsOptions, ...options.keyPair })
      this.http1 = this.#tls
      this.http2 = createHttp2Server({
        maxSessionMemory: maxSessionMemoryMegabytes,
        settings: { maxConcurrentStreams, enablePush: false },
      })
      this.#divide(this.#tls, this.http2)
    } else {
      this.http1 = createServer(http1Options)
      this.http1.on('connection', (socket: Socket) => this.#http1Sockets.add(socket))
    }
    this.http1.on('connection', (wire: Socket) => {
      // Again, when an upgrade that was offered is not taken.
      if (this.#wires.has(wire)) return
      this.#wires.add(wire)
      wire.once('close', () => {
        this.#wires.delete(wire)
        this.#http1Sockets.delete(wire)
      })
      options.onConnection(wire)
    })
    this.#guard(options.maxConnections)
  }

  /** @returns the address that it listens on */
  listen(port: number, host: string): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.http1.once('error', reject)
      this.http1.listen(port, host, () => {
        this.http1.off('error', reject)
        resolve(this.http1.address() as AddressInfo)
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

  /** Reads HTTP/1 from a socket that Node's server has let go of. */
  readAnew(socket: Socket): void {
    this.http1.emit(this.#tls ? 'secureConnection' : 'connection', socket)
  }

  /** No new connections; those without a request are closed now, the others when theirs is answered. */
  stopAccepting(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.http1.close(() => resolve()))
    this.http1.closeIdleConnections()
    // A connection on which nothing was asked yet is busy in Node's eyes; browsers open some in advance.
    for (const socket of this.#http1Sockets) if (socket.bytesRead === 0) socket.destroy()
    for (const wire of this.#shakingHands) wire.destroy()
    // GOAWAY: what is asked from now on has not been done, and the client asks elsewhere. @see RFC 9113 §6.8
    for (const session of this.#sessions.keys()) session.close()
    return closed
  }

  /** Also those that are WebSockets now, which Node's server has let go of. */
  cut(): void {
    for (const wire of this.#wires) wire.destroy()
  }

  /** Stands before everything else that hears of a connection: what is refused is not read. */
  #guard(maxConnections: number): void {
    const takers = this.http1.listeners('connection') as ((wire: Socket) => void)[]
    const refused = new RefusedConnections()
    this.http1.removeAllListeners('connection')
    this.http1.on('connection', (wire: Socket) => {
      if (this.#wires.size >= maxConnections && !this.#wires.has(wire)) {
        // In TLS nothing can be said before keys are agreed on, which is what costs most.
        refused.take(wire, { canBeAnswered: this.#tls === undefined })
      } else for (const take of takers) take.call(this.http1, wire)
    })
  }

  /** Hands each connection to the version of HTTP that its client chose. */
  #divide(tls: TlsServer, http2: Http2Server): void {
    tls.on('connection', (wire: Socket) => this.#shakingHands.add(wire))
    const takers = tls.listeners('secureConnection') as ((socket: TLSSocket) => void)[]
    tls.removeAllListeners('secureConnection')
    tls.on('secureConnection', (socket: TLSSocket) => {
      // Again, when an upgrade that was offered is not taken.
      const wire = this.#wireOf.get(socket) ?? this.#shakingHands.take(socket) ?? socket
      this.#wireOf.set(socket, wire)
      if (socket.alpnProtocol === 'h2') {
        http2.once('session', (session) => this.#sessionBegan(session, wire))
        // Node makes the session and says so within this call.
        http2.emit('connection', socket)
        return
      }
      this.#http1Sockets.add(socket)
      socket.once('close', () => this.#http1Sockets.delete(socket))
      for (const take of takers) take.call(tls, socket)
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
