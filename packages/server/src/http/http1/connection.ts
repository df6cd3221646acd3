import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { problemAnswer } from '../problem-answer.js'
import { answerHead } from './answer-head.js'
import { ChunkedBody } from './chunked-body.js'
import { checkBeginning, headerTooLarge, maxHeadBytes, type RequestHead } from './head.js'
import type { Heads } from './heads.js'
import { Turn, type TurnConnection, type WholeAnswer } from './turn.js'

/** What came and can not be taken yet may be so long, bytes; past that the socket is not read. */
const maxUnreadBytes = 64 * 1024
/** Appends of one connection that wait for the disk together, and what they may bring, bytes. */
const maxTogether = 100
const maxBytesTogether = 1024 * 1024
/** An answer up to this long, bytes, is copied behind its head: one write is cheaper than two pieces. */
const maxCopiedBytes = 16 * 1024

const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = 0x0d
const lineFeed = 0x0a
const noBytes = Buffer.alloc(0)

/** For how long a connection may be in a state, milliseconds, and what it may still send, bytes. */
export interface Http1Limits {
  /** From the first byte of a head to its last. */
  readonly headMs: number
  /** From a request's head to the end of its body. */
  readonly bodyMs: number
  /** Without a request. */
  readonly keepAliveMs: number
  /** The rest of a body that nobody reads, or whatever comes behind a last answer. */
  readonly passMs: number
  readonly passBytes: number
}

/** What a connection asks of its server. */
export interface ConnectionHost {
  readonly limits: Http1Limits
  readonly heads: Heads
  /** Milliseconds since 1970, as of the last look at the connections. */
  readonly nowMs: number
  readonly isStopping: boolean
  /** The socket that the network sees. */
  wireOf(socket: Socket): Socket
  /** An append of known length: others like it may be looked at before it is kept. */
  isAppend(head: RequestHead): boolean
  take(turn: Turn): void
  /** The connection is closed, or somebody else's. */
  forget(connection: Connection): void
}

/**
 * What a connection waits for, each for so long.
 *
 *     idle ──bytes──▶ head ──its end──▶ busy ──all is answered──▶ idle
 *                                        └──answered before the body's end──▶ passing ──its end──▶ idle
 *                                        └──the socket is a WebSocket now──▶ handed over
 *     any ──a last answer, what is no HTTP──▶ ending ──the client's end, or the wait is over──▶ closed
 */
type Phase = 'idle' | 'head' | 'busy' | 'passing' | 'ending' | 'handed over'

/** Sockets know their connection: one listener for all of them, in place of closures for each. */
const connectionOf = Symbol('connection')
type Carrying = Socket & { [connectionOf]?: Connection | undefined }

/**
 * A connection of HTTP/1: reads requests, gives each its turn, and writes answers in the order of their requests.
 *
 * What a client sends ahead is done in its order: a write has its effect on the read behind it, and answers do not
 * gather that nobody reads. Requests are done one after the other, but for appends behind appends, which are admitted
 * one after the other and wait for the disk together. @see RFC 9112 §9.3.2
 *
 * Ours and not Node's: a request and a response of `node:http` are two streams with a dozen listeners, which cost
 * more than all else that an append does, and stay as long as a poll is held (bench: publish, idle, short-poll).
 */
export class Connection implements TurnConnection {
  readonly socket: Socket
  readonly #host: ConnectionHost
  #phase: Phase = 'idle'
  #sinceMs: number
  /** What came, and how far it is taken. */
  #unread: Buffer = noBytes
  #at = 0
  /** Requests without an answer that is out, in their order. */
  #first: Turn | undefined
  #last: Turn | undefined
  #count = 0
  #bytesTogether = 0
  /** Whose body is on its way, also when it is answered. */
  #receiving: Turn | undefined
  /** What is no HTTP, to be answered when all before it is. */
  #trouble: Problem | undefined
  /** Answers that go out together at the end of this turn of the event loop. */
  #out = ''
  #outTurns: Turn[] = []
  #isAdvancing = false
  #passedBytes = 0

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket
    this.#host = host
    this.#sinceMs = host.nowMs
    ;(socket as Carrying)[connectionOf] = this
    socket.on('data', onData).on('end', onEnd).on('drain', onDrain).on('error', onError).on('close', onClose)
  }

  get wire(): Socket {
    return this.#host.wireOf(this.socket)
  }

  get isGone(): boolean {
    return this.socket.destroyed
  }

  get isStopping(): boolean {
    return this.#host.isStopping
  }

  get keepAliveSeconds(): number {
    return this.#host.limits.keepAliveMs / 1000
  }

  took(chunk: Buffer): void {
    if (this.#phase === 'ending') {
      this.#pass(chunk.byteLength)
      return
    }
    if (this.#trouble) return
    const rest = this.#rest
    this.#unread = rest.byteLength > 0 ? Buffer.concat([rest, chunk]) : chunk
    this.#at = 0
    this.#advance()
  }

  clientEnded(): void {
    // Whether it has gone, or only has no more to say, can not be told: nobody is held for who may be gone.
    this.#over()
  }

  closed(): void {
    this.#host.forget(this)
    this.#unread = noBytes
    this.#closeTurns()
  }

  /** Takes up what waited for the client to read. */
  drained(): void {
    this.#advance()
  }

  wantsBody(): void {
    // Nobody hears of a body within the call that asks for it.
    if (this.#rest.byteLength > 0) queueMicrotask(() => this.#advance())
  }

  placed(): void {
    if (this.#rest.byteLength > 0) this.#advance()
  }

  writeBefore(text: string): void {
    this.flush()
    if (!this.socket.destroyed) this.socket.write(text, 'latin1')
  }

  answered(turn: Turn, answer: WholeAnswer): void {
    turn.waiting = answer
    turn.hasPlace = true
    while (this.#first?.waiting) this.#emit(this.#first, this.#first.waiting)
    this.#advance()
  }

  streamEnded(turn: Turn): void {
    if (turn !== this.#first) return
    this.#leave(turn)
    turn.close()
    if (turn.isLast || this.isStopping) this.#end('')
    else this.#advance()
  }

  handOver(): { readonly socket: Socket; readonly head: Buffer } {
    const { socket } = this
    const head = this.#rest
    this.#phase = 'handed over'
    this.#unread = noBytes
    this.#first = undefined
    this.#last = undefined
    socket.off('data', onData).off('end', onEnd).off('drain', onDrain).off('close', onClose)
    ;(socket as Carrying)[connectionOf] = undefined
    this.#host.forget(this)
    return { socket, head }
  }

  /** Closes it, unless something is being answered on it, which ends it then. */
  endIfIdle(): void {
    if (this.#phase === 'idle') this.socket.destroy()
  }

  /** To be asked now and then: ends what has lasted too long. */
  checkTime(): void {
    const { headMs, bodyMs, keepAliveMs, passMs } = this.#host.limits
    const waitedMs = this.#host.nowMs - this.#sinceMs
    if (this.#phase === 'idle' && waitedMs > keepAliveMs) this.socket.destroy()
    else if (this.#phase === 'head' && waitedMs > headMs) this.#refuse(tooSlow())
    else if (this.#phase === 'busy' && this.#receiving && waitedMs > bodyMs) this.#refuse(tooSlow())
    else if ((this.#phase === 'passing' || this.#phase === 'ending') && waitedMs > passMs) this.socket.destroy()
  }

  get #rest(): Buffer {
    return this.#at === 0 ? this.#unread : this.#unread.subarray(this.#at)
  }

  /** Takes what can be taken of what came. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      let from = -1
      while (from !== this.#at && this.#at < this.#unread.byteLength && !this.#isDeaf) {
        from = this.#at
        if (this.#receiving) this.#takeBody(this.#receiving)
        else this.#takeHead()
      }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.#refuse(error)
    } finally {
      this.#isAdvancing = false
    }
    this.#settle()
  }

  /** Nothing that comes is looked at any more. */
  get #isDeaf(): boolean {
    return this.#isOver || this.#trouble !== undefined
  }

  get #isOver(): boolean {
    return this.#phase === 'ending' || this.#phase === 'handed over'
  }

  /** What is taken is let go of; what the connection waits for now is for so long. */
  #settle(): void {
    if (this.#isOver) return
    const rest = this.#isDeaf ? noBytes : this.#rest
    // A copy of a little, lest it hold all that came with it.
    this.#unread = this.#at > 0 && rest.byteLength < maxCopiedBytes ? Buffer.from(rest) : rest
    this.#at = 0
    const isFull = rest.byteLength > maxUnreadBytes
    if (isFull && !this.socket.isPaused()) this.socket.pause()
    else if (!isFull && this.socket.isPaused()) this.socket.resume()
    if (this.#first || this.#receiving) return
    if (this.#trouble) this.#answerTrouble(this.#trouble)
    else this.#enter(rest.byteLength > 0 ? 'head' : 'idle')
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return
    this.#phase = phase
    this.#sinceMs = this.#host.nowMs
  }

  #takeHead(): void {
    // Who does not read the answers is not asked for more; behind an upgrade comes what is no HTTP.
    if (this.socket.writableNeedDrain || this.#first?.request.offersUpgrade) return
    const bytes = this.#unread
    let at = this.#at
    // @see RFC 9112 §2.2: empty lines before a request
    while (bytes[at] === lineEnd && bytes[at + 1] === lineFeed) at += 2
    const end = bytes.indexOf(headEnd, at)
    if (end === -1) {
      checkBeginning(bytes.toString('latin1', at, Math.min(bytes.byteLength, at + maxHeadBytes + 1)))
      this.#at = at
      return
    }
    if (end - at > maxHeadBytes) throw headerTooLarge()
    const head = this.#host.heads.read(bytes.toString('latin1', at, end))
    if (this.#first && !this.#goesAlong(head)) return
    this.#at = end + headEnd.byteLength
    this.#begin(head)
  }

  /** Whether a request may be looked at while others are not answered: an append behind appends. */
  #goesAlong(head: RequestHead): boolean {
    const { bodyBytes } = head
    if (bodyBytes === 'chunked' || this.#bytesTogether + bodyBytes > maxBytesTogether) return false
    const last = this.#last
    const isBehindAppends = last?.hasPlace === true && this.#host.isAppend(last.request)
    return isBehindAppends && this.#count < maxTogether && !head.expectsContinue && this.#host.isAppend(head)
  }

  #begin(head: RequestHead): void {
    const turn = new Turn(head, this)
    if (this.#last) this.#last.next = turn
    else this.#first = turn
    this.#last = turn
    this.#count++
    this.#phase = 'busy'
    this.#sinceMs = this.#host.nowMs
    const { bodyBytes } = head
    if (bodyBytes !== 'chunked') this.#bytesTogether += bodyBytes
    if (bodyBytes === 0) turn.body = noBytes
    else if (bodyBytes !== 'chunked' && this.#unread.byteLength - this.#at >= bodyBytes) {
      turn.body = this.#unread.subarray(this.#at, this.#at + bodyBytes)
      this.#at += bodyBytes
    } else {
      this.#receiving = turn
      if (bodyBytes === 'chunked') turn.chunked = new ChunkedBody()
      else turn.leftBytes = bodyBytes
    }
    this.#host.take(turn)
  }

  #takeBody(turn: Turn): void {
    if (!turn.takesBody) return
    const bytes = this.#unread
    const start = this.#at
    let isWhole: boolean
    if (turn.chunked) {
      this.#at = turn.chunked.take(bytes, start, (part) => turn.take(part))
      isWhole = turn.chunked.isDone
    } else {
      this.#at = Math.min(bytes.byteLength, start + turn.leftBytes)
      turn.leftBytes -= this.#at - start
      turn.take(bytes.subarray(start, this.#at))
      isWhole = turn.leftBytes === 0
    }
    if (this.#phase === 'passing') this.#pass(this.#at - start)
    if (!isWhole) return
    this.#receiving = undefined
    this.#passedBytes = 0
    turn.bodyEnded()
  }

  /** What nobody reads is let pass, so that a client that writes everything before it reads sees its answer and no reset. */
  #pass(bytes: number): void {
    this.#passedBytes += bytes
    if (this.#passedBytes > this.#host.limits.passBytes) this.socket.destroy()
  }

  #emit(turn: Turn, { head, body, isLast }: WholeAnswer): void {
    this.#leave(turn)
    if (isLast) {
      this.#end(head, body, turn)
      return
    }
    this.#write(turn, head, body)
    if (this.#receiving === turn) this.#enter('passing')
  }

  /** Its answer is on its way out, or nothing is to follow. */
  #leave(turn: Turn): void {
    this.#first = turn.next
    if (!this.#first) this.#last = undefined
    turn.next = undefined
    turn.waiting = undefined
    this.#count--
    const { bodyBytes } = turn.request
    if (bodyBytes !== 'chunked') this.#bytesTogether -= bodyBytes
  }

  #write(turn: Turn, head: string, body: Uint8Array | undefined): void {
    if (!body && (this.#first || this.#out !== '')) {
      // More answers may follow in this turn of the event loop: they are one write.
      if (this.#out === '') process.nextTick(flushOf, this)
      this.#out += head
      this.#outTurns.push(turn)
      return
    }
    this.flush()
    this.#send(head, body)
    turn.close()
  }

  #send(head: string, body: Uint8Array | undefined): void {
    const { socket } = this
    if (socket.destroyed || head === '') return
    if (!body) socket.write(head, 'latin1')
    else if (body.byteLength <= maxCopiedBytes) socket.write(joined(head, body))
    else {
      socket.cork()
      socket.write(head, 'latin1')
      socket.write(body)
      socket.uncork()
    }
  }

  flush(): void {
    if (this.#out === '') return
    const turns = this.#outTurns
    this.#send(this.#out, undefined)
    this.#out = ''
    this.#outTurns = []
    for (const turn of turns) turn.close()
  }

  /** What is no HTTP, or comes too late: it is answered when all before it is, and ends the connection. */
  #refuse(problem: Problem): void {
    const broken = this.#receiving
    this.#receiving = undefined
    if (!broken) {
      this.#trouble = problem
      // Who hears until its end would take it for a part of that.
      if (this.#first?.request.method === 'GET') this.#over()
      else this.#settle()
      return
    }
    // The answer to a request that broke off in its body is its own, unless it has one.
    if (!broken.hasAnswer) {
      broken.fail()
      this.answered(broken, this.#troubleAnswer(problem))
    } else if (broken.waiting) broken.waiting = { ...broken.waiting, isLast: true }
    else this.#over()
  }

  #answerTrouble(problem: Problem): void {
    const { head, body } = this.#troubleAnswer(problem)
    this.#end(head, body)
  }

  #troubleAnswer(problem: Problem): WholeAnswer {
    const { status, headers, body = noBytes } = problemAnswer(problem, () => {})
    const all = { ...headers, 'content-length': String(body.byteLength) }
    const end = { isLast: true, keepAliveSeconds: this.keepAliveSeconds }
    return { head: answerHead(status, all, end), body, isLast: true }
  }

  /**
   * Writes the last answer and ends our side. A socket that is closed while bytes still arrive resets the
   * connection, and the client might never see the answer: so they are taken and thrown away, within bounds.
   *
   * @see RFC 9112 §9.6, "lingering close"
   */
  #end(head: string, body?: Uint8Array, turn?: Turn): void {
    this.flush()
    this.#send(head, body)
    turn?.close()
    this.#unread = noBytes
    this.#at = 0
    this.#passedBytes = 0
    this.#enter('ending')
    this.#closeTurns()
    const { socket } = this
    if (socket.destroyed) return
    socket.end()
    socket.resume()
  }

  /** Nothing more comes, and nothing more is to be said. */
  #over(): void {
    this.flush()
    this.#enter('ending')
    this.#closeTurns()
    this.socket.destroySoon()
  }

  #closeTurns(): void {
    const outTurns = this.#outTurns
    this.#outTurns = []
    for (const turn of outTurns) turn.close()
    let turn = this.#first
    this.#first = undefined
    this.#last = undefined
    while (turn) {
      const { next } = turn
      turn.close()
      turn = next
    }
    const receiving = this.#receiving
    this.#receiving = undefined
    receiving?.close()
  }
}

function joined(head: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.byteLength)
  bytes.write(head, 'latin1')
  bytes.set(body, head.length)
  return bytes
}

function tooSlow(): Problem {
  return new Problem('request-timeout', 'Send the request faster.')
}

function flushOf(connection: Connection): void {
  connection.flush()
}

function onData(this: Carrying, chunk: Buffer): void {
  this[connectionOf]?.took(chunk)
}

function onEnd(this: Carrying): void {
  this[connectionOf]?.clientEnded()
}

function onDrain(this: Carrying): void {
  this[connectionOf]?.drained()
}

function onError(this: Carrying): void {
  this.destroy()
}

function onClose(this: Carrying): void {
  this[connectionOf]?.closed()
}
