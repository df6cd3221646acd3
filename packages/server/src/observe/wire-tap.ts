import type { Socket } from 'node:net'
import { type LaneTag, longestTracedBytes, type TraceEvent, type Way } from '@tidings/protocol'

/** What came before anybody knew whose it is, at most so much, bytes: a head, and what came with it. */
const maxUnclaimedBytes = 64 * 1024

export type TellTrace = (event: TraceEvent) => void

/** The exchange that the bytes of a connection belong to. */
interface Claim {
  readonly exchange: number
  readonly lane: Way
  readonly tell: TellTrace
}

/**
 * Sees every byte that passes a socket, in the order in which it does, and tells whoever claims the exchange under
 * way. Clients that are traced ask one thing after another on a connection, as browsers do: what comes and goes from
 * one request's first byte until the next one's is its own.
 *
 * It stands in front of the socket's own `write`, `end` and `unshift`, on the one socket that is tapped: the others, and a server
 * that nobody watches, do not know of it.
 */
export class WireTap {
  readonly #socket: Socket
  readonly #connection: number
  readonly #openedAtMs: number
  readonly #port: number
  readonly #nextExchange: () => number
  /** Its first request had come before, or this one is not its first. */
  #isUsed: boolean
  #unclaimed: Buffer[] = []
  #unclaimedBytes = 0
  /** Put back to be read by somebody else: it comes a second time, bytes. */
  #putBackBytes = 0
  #claim: Claim | undefined
  /** What is asked on it now is nobody's. */
  #isPassing = false
  #endCameFirstFrom: 'client' | 'server' | undefined
  /** Who has been told of the connection, and is told of its end. */
  readonly #told = new Map<Way, TellTrace>()

  constructor(
    socket: Socket,
    options: { readonly connection: number; readonly isUsed: boolean; readonly nextExchange: () => number },
  ) {
    this.#socket = socket
    this.#connection = options.connection
    this.#isUsed = options.isUsed
    this.#nextExchange = options.nextExchange
    this.#openedAtMs = nowMs()
    this.#port = socket.remotePort ?? 0
    socket.prependListener('data', this.#came).prependListener('end', this.#clientEnded)
    const { write, end, unshift } = socket
    socket.write = ((...given: Parameters<Socket['write']>) => {
      this.#goes(given[0], given[1])
      return write.apply(socket, given)
    }) as Socket['write']
    socket.end = ((...given: Parameters<Socket['end']>) => {
      this.#endCameFirstFrom ??= 'server'
      // It does not go through `write`.
      if (given[0] !== undefined && typeof given[0] !== 'function') this.#goes(given[0], given[1])
      return end.apply(socket, given)
    }) as Socket['end']
    // What came behind the offer of an upgrade is put back for the WebSocket.
    socket.unshift = (chunk: Buffer) => {
      this.#putBackBytes += chunk.byteLength
      unshift.call(socket, chunk)
    }
  }

  get connection(): number {
    return this.#connection
  }

  /** What came since the last answer, and what comes and goes from now on, is this lane's. */
  claim(tag: LaneTag, tell: TellTrace): void {
    // Of appends that were sent ahead each ends where the next one begins.
    this.ended()
    const { lane } = tag
    const isReused = this.#isUsed
    const atMs = nowMs()
    this.#isUsed = true
    if (!isReused) {
      tell({ kind: 'opened', connection: this.#connection, lane, atMs: this.#openedAtMs, port: this.#port })
    }
    this.#told.set(lane, tell)
    const claim: Claim = { exchange: this.#nextExchange(), lane, tell }
    this.#claim = claim
    const { exchange } = claim
    const bytes = withoutSecrets(this.#takeUnclaimed())
    tell({
      ...pieceOf(bytes),
      kind: 'request',
      connection: this.#connection,
      isReused,
      exchange,
      lane,
      ask: tag.ask,
      atMs,
    })
  }

  /** A request that no lane claims. */
  pass(): void {
    this.ended()
    this.#isUsed = true
    this.#isPassing = true
    this.#takeUnclaimed()
  }

  /** The answer to what was claimed is through. */
  ended(): void {
    const claim = this.#claim
    this.#claim = undefined
    this.#isPassing = false
    if (claim) {
      const { exchange, lane } = claim
      claim.tell({ kind: 'ended', exchange, lane, atMs: nowMs() })
    }
  }

  closed(): void {
    this.ended()
    const by = this.#endCameFirstFrom ?? (this.#socket.errored ? 'client' : 'server')
    for (const [lane, tell] of this.#told) {
      tell({ kind: 'closed', connection: this.#connection, lane, atMs: nowMs(), by })
    }
    this.#told.clear()
  }

  /** Closes the connection from this side. */
  cut(): void {
    this.#endCameFirstFrom ??= 'server'
    this.#socket.destroySoon()
  }

  /** Whether whoever listens so was told of the connection. */
  isToldTo(tell: TellTrace): boolean {
    return [...this.#told.values()].includes(tell)
  }

  /** Whoever listens so has claims on it no more. */
  forget(tell: TellTrace): void {
    if (this.#claim?.tell === tell) this.#claim = undefined
    for (const [lane, told] of this.#told) if (told === tell) this.#told.delete(lane)
  }

  /** Leaves the socket as it was. */
  remove(): void {
    const socket = this.#socket as Partial<Socket> & Socket
    socket.off('data', this.#came).off('end', this.#clientEnded)
    delete (socket as { write?: unknown }).write
    delete (socket as { end?: unknown }).end
    delete (socket as { unshift?: unknown }).unshift
    this.#takeUnclaimed()
  }

  readonly #came = (data: Buffer): void => {
    const chunk = this.#putBackBytes > 0 ? this.#firstSeen(data) : data
    if (chunk.byteLength === 0) return
    if (this.#claim) {
      const { exchange, lane, tell } = this.#claim
      tell({ ...pieceOf(chunk), kind: 'up', exchange, lane, atMs: nowMs() })
      return
    }
    if (this.#isPassing) return
    if (this.#unclaimedBytes > maxUnclaimedBytes) this.#takeUnclaimed()
    this.#unclaimed.push(chunk)
    this.#unclaimedBytes += chunk.byteLength
  }

  #firstSeen(chunk: Buffer): Buffer {
    const seenBytes = Math.min(chunk.byteLength, this.#putBackBytes)
    this.#putBackBytes -= seenBytes
    return chunk.subarray(seenBytes)
  }

  readonly #clientEnded = (): void => {
    this.#endCameFirstFrom ??= 'client'
  }

  #goes(what: unknown, encoding: unknown): void {
    if (!this.#claim) return
    const { exchange, lane, tell } = this.#claim
    const bytes =
      typeof what === 'string'
        ? Buffer.from(what, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
        : (what as Uint8Array)
    tell({ ...pieceOf(bytes), kind: 'down', exchange, lane, atMs: nowMs() })
  }

  #takeUnclaimed(): Buffer {
    const bytes = Buffer.concat(this.#unclaimed)
    this.#unclaimed = []
    this.#unclaimedBytes = 0
    return bytes
  }
}

/** Milliseconds since 1970, with fractions, of a clock that nobody sets back. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}

function pieceOf(bytes: Uint8Array): { bytes: string; byteLength: number } {
  const { buffer, byteOffset, byteLength } = bytes
  const shown = Math.min(byteLength, longestTracedBytes)
  return { bytes: Buffer.from(buffer, byteOffset, shown).toString('latin1'), byteLength }
}

const secretHeader = /^(cookie|authorization|proxy-authorization):[ \t]*([^\r\n]*)/gim

/** Others may look over the shoulder of who watches, and scripts of a page may not see some cookies at all. */
function withoutSecrets(bytes: Buffer): Buffer {
  // Empty lines may stand before a request: they are not its end. @see RFC 9112 §2.2
  let start = 0
  while (bytes[start] === 0x0d && bytes[start + 1] === 0x0a) start += 2
  const end = bytes.indexOf('\r\n\r\n', start)
  const head = bytes.toString('latin1', 0, end === -1 ? bytes.byteLength : end)
  secretHeader.lastIndex = 0
  if (!secretHeader.test(head)) return bytes
  const dotted = head.replace(secretHeader, (line: string, _name: string, value: string) => {
    return line.slice(0, line.length - value.length) + '.'.repeat(value.length)
  })
  return Buffer.concat([Buffer.from(dotted, 'latin1'), bytes.subarray(head.length)])
}
