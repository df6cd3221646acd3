import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { LineEvent, LineFaults } from '@tidings/protocol'
import type { Visit } from '../../http/index.js'
import { nowMs } from '../../observe/index.js'
import type { LocalAddress } from '../lab-options.js'
import { HeldPieces } from './held-pieces.js'
import type { LineTarget } from './line-target.js'
import { headBehindLine } from './request-head.js'

const noFaults: LineFaults = { delayMs: 0, buffers: false, upgrades: 'pass' }

/** Connections over one line at once; a page needs a handful. */
const maxConnections = 32

const refusedUpgrade =
  'HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 26\r\nConnection: close\r\n\r\nNo upgrades on this line.\n'

/**
 * A line to the server that is as bad as its run says: a proxy of one connection for each request. It knows nothing of
 * channels; what it does to bytes a network or a proxy on the way could do as well.
 */
export class FaultyLine {
  readonly #address: () => LocalAddress
  readonly #tell: (event: LineEvent) => void
  readonly #connections = new Map<Socket, string>()
  #faults = noFaults
  #offlineUntilMs = 0

  constructor(address: () => LocalAddress, tell: (event: LineEvent) => void) {
    this.#address = address
    this.#tell = tell
  }

  use(faults: LineFaults): void {
    this.#faults = faults
  }

  cut(): void {
    for (const [socket, reader] of this.#connections) {
      this.#happened('cut', reader)
      socket.destroy()
    }
  }

  goOffline(forMs: number): void {
    this.#offlineUntilMs = nowMs() + forMs
    this.cut()
  }

  /** Cuts them, and takes none any more. */
  end(): void {
    this.#offlineUntilMs = Number.POSITIVE_INFINITY
    this.cut()
  }

  /** Takes a request, its connection with it. */
  take({ request, exchange, isUpgrade }: Visit, { reader, prefix }: LineTarget): void {
    const { socket, sent } = exchange.takeOver()
    socket.on('error', () => socket.destroy())
    if (nowMs() < this.#offlineUntilMs || this.#connections.size >= maxConnections) {
      this.#happened('refused-offline', reader)
      socket.destroy()
      return
    }
    this.#connections.set(socket, reader)
    socket.once('close', () => this.#connections.delete(socket))
    const { upgrades } = this.#faults
    if (isUpgrade && upgrades !== 'pass') this.#withholdUpgrade(socket, reader, upgrades)
    else this.#join(socket, reader, headBehindLine(request, prefix, isUpgrade), sent, isUpgrade)
  }

  #withholdUpgrade(socket: Socket, reader: string, how: 'refuse' | 'hang'): void {
    // Nothing reads what comes. A client that gives up ends its half: nobody else would end the other.
    socket.once('end', () => socket.destroySoon()).resume()
    this.#happened(how === 'hang' ? 'held-upgrade' : 'refused-upgrade', reader)
    if (how === 'refuse') socket.end(refusedUpgrade)
  }

  #join(socket: Socket, reader: string, head: string, sent: Buffer, isUpgrade: boolean): void {
    const behind = this.#connect()
    behind.on('error', () => socket.destroy())
    behind.once('close', () => {
      // The end of a whole answer reaches the client in its turn; a break does at once.
      if (!behind.readableEnded) socket.destroy()
    })
    socket.once('close', () => behind.destroy())
    const up = () => ({ delayMs: this.#faults.delayMs, keepsAll: false })
    const down = () => ({ delayMs: this.#faults.delayMs, keepsAll: this.#faults.buffers && !isUpgrade })
    new HeldPieces(socket, behind, up, () => {}).put(Buffer.concat([Buffer.from(head, 'latin1'), sent]))
    new HeldPieces(behind, socket, down, () => this.#happened('buffered', reader))
    socket.resume()
  }

  #connect(): Socket {
    const { host, port, isSecure } = this.#address()
    // To itself, on this machine: whoever could be in between could do worse.
    if (isSecure) return connectTls({ host, port, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false })
    return connectTcp({ host, port, noDelay: true })
  }

  #happened(what: LineEvent['what'], reader: string): void {
    this.#tell({ atMs: nowMs(), what, reader })
  }
}
