import type { Socket } from 'node:net'
import { Problem } from '@tidings/protocol'
import { ceaseToHear, hear, type SocketListener } from '../../transports/index.js'
import { AnswerWriter } from './answer-writer.js'
import { ChunkedBody } from './chunked-body.js'
import type { ConnectionHost, WatchedConnection } from './connection-host.js'
import { checkBeginning, headerTooLarge, maxHeadBytes, type RequestHead } from './head.js'
import { lastAnswer } from './last-answer.js'
import { Turn, type TurnConnection, type WholeAnswer } from './turn.js'
import { Turns } from './turns.js'

/** What came and can not be taken yet may be so long, bytes; past that the socket is not read. */
const maxUnreadBytes = 64 * 1024
/** What is left of a chunk, up to this long, bytes, is copied, lest it hold all that came with it. */
const maxCopiedBytes = 16 * 1024

const headEnd = Buffer.from('\r\n\r\n')
const lineEnd = 0x0d
const lineFeed = 0x0a
const noBytes = Buffer.alloc(0)

/**
 * What a connection waits for, each for so long.
 *
 *     idle ──bytes──▶ head ──its end──▶ busy ──all is answered──▶ idle
 *                                        └──answered before the body's end──▶ passing ──its end──▶ idle
 *                                        └──the socket is a WebSocket now──▶ handed over
 *     any ──a last answer, what is no HTTP──▶ ending ──the client's end, or the wait is over──▶ closed
 */
type Phase = 'idle' | 'head' | 'busy' | 'passing' | 'ending' | 'handed over'

/**
 * A connection of HTTP/1: reads requests, gives each its turn, and writes answers in the order of their requests.
 *
 * What a client sends ahead is done in its order: a write has its effect on the read behind it, and answers do not
 * gather that nobody reads. Requests are done one after the other, but for appends behind appends, which are admitted
 * one after the other and wait for the disk together. @see RFC 9112 §9.3.2
 *
 * Ours and not Node's: a request and a response of `node:http` are two streams with a dozen listeners, which cost
 * more than all else that an append does, and stay as long as a poll is held.
 *
 * Budget: per request one object, one look for its head's end and one for its head among those known; no stream, no
 * listener and no promise (bench/publish, bench/short-poll). Idle, three small objects (bench/idle).
 */
export class Connection implements TurnConnection, WatchedConnection, SocketListener {
  readonly socket: Socket
  readonly #host: ConnectionHost
  #phase: Phase = 'idle'
  #sinceMs: number
  /** What came, and how far it is taken. */
  #unread: Buffer = noBytes
  #at = 0
  readonly #turns = new Turns()
  readonly #writer: AnswerWriter
  /** Whose body is on its way, also when it is answered. */
  #receiving: Turn | undefined
  /** What is no HTTP, to be answered when all before it is. */
  #trouble: Problem | undefined
  #isAdvancing = false
  #passedBytes = 0

  constructor(socket: Socket, host: ConnectionHost) {
    this.socket = socket
    this.#host = host
    this.#sinceMs = host.nowMs
    this.#writer = new AnswerWriter(socket)
    hear(socket, this)
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

  /** Takes up what waited for the client to read, or for another turn of the event loop. */
  goOn(): void {
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
    this.#writer.send(text)
  }

  answered(turn: Turn, answer: WholeAnswer): void {
    turn.waiting = answer
    turn.hasPlace = true
    while (this.#turns.first?.waiting) this.#emit(this.#turns.first, this.#turns.first.waiting)
    this.#advance()
  }

  streamEnded(turn: Turn): void {
    if (turn !== this.#turns.first) return
    this.#turns.shift()
    turn.close()
    if (turn.isLast || this.isStopping) this.#endWith({ head: '', body: undefined })
    else this.#advance()
  }

  handOver(): { readonly socket: Socket; readonly head: Buffer } {
    const { socket } = this
    const head = this.#rest
    this.#phase = 'handed over'
    this.#unread = noBytes
    this.#turns.shift()
    ceaseToHear(socket)
    this.#host.forget(this)
    return { socket, head }
  }

  endIfIdle(): void {
    // Its last answer may still be on its way out.
    if (this.#phase === 'idle') this.#over()
  }

  checkTime(): void {
    const { headMs, bodyMs, keepAliveMs, passMs } = this.#host.limits
    if (this.#isReadSlowly) this.#sinceMs = this.#host.nowMs
    const waitedMs = this.#host.nowMs - this.#sinceMs
    if (this.#phase === 'idle' && waitedMs > keepAliveMs) this.socket.destroy()
    else if (this.#phase === 'head' && waitedMs > headMs) this.#refuse(tooSlow())
    else if (this.#phase === 'busy' && this.#receiving && waitedMs > bodyMs) this.#refuse(tooSlow())
    else if ((this.#phase === 'passing' || this.#phase === 'ending') && waitedMs > passMs)
      this.socket.destroy()
  }

  /** Who takes long to read what we have written is waited for, and not taken for one who is silent. */
  get #isReadSlowly(): boolean {
    const isWaitedFor = this.#phase === 'idle' || this.#phase === 'head' || this.#phase === 'ending'
    return isWaitedFor && this.socket.writableLength > 0
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
    this.#unread = this.#at > 0 && rest.byteLength < maxCopiedBytes ? Buffer.from(rest) : rest
    this.#at = 0
    const isFull = rest.byteLength > maxUnreadBytes
    if (isFull && !this.socket.isPaused()) this.socket.pause()
    else if (!isFull && this.socket.isPaused()) this.socket.resume()
    if (this.#turns.first || this.#receiving) return
    if (this.#trouble) this.#endWith(lastAnswer(this.#trouble))
    else {
      this.#enter(rest.byteLength > 0 ? 'head' : 'idle')
      if (this.isStopping) this.endIfIdle()
    }
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return
    this.#phase = phase
    this.#sinceMs = this.#host.nowMs
  }

  #takeHead(): void {
    // Who does not read the answers is not asked for more; behind an upgrade comes what is no HTTP.
    if (this.socket.writableNeedDrain || this.#turns.first?.request.offersUpgrade) return
    if (!this.#host.hasTimeFor(this)) return
    const bytes = this.#unread
    let at = this.#at
    // @see RFC 9112 §2.2: empty lines before a request
    while (bytes[at] === lineEnd && bytes[at + 1] === lineFeed) at += 2
    const end = bytes.indexOf(headEnd, at)
    if (end === -1) {
      this.#at = at
      const isEmptyLine = bytes.byteLength - at < 2 && (bytes[at] ?? lineEnd) === lineEnd
      if (isEmptyLine) return
      checkBeginning(bytes.toString('latin1', at, Math.min(bytes.byteLength, at + maxHeadBytes + 1)))
      return
    }
    if (end - at > maxHeadBytes) throw headerTooLarge()
    const head = this.#host.heads.read(bytes.toString('latin1', at, end))
    if (this.#turns.first && !this.#turns.isJoinedBy(head, this.#host.isAppend)) return
    this.#at = end + headEnd.byteLength
    this.#begin(head)
  }

  #begin(head: RequestHead): void {
    // Costs are counted by what is asked last: answers to appends are out before anything else is.
    if (!this.#host.isAppend(head)) this.#writer.flush()
    const turn = new Turn(head, this)
    this.#turns.add(turn)
    this.#phase = 'busy'
    this.#sinceMs = this.#host.nowMs
    const { bodyBytes } = head
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

  #emit(turn: Turn, answer: WholeAnswer): void {
    turn.waiting = undefined
    this.#turns.shift()
    if (answer.isLast) {
      this.#endWith(answer, turn)
      return
    }
    this.#writer.write(turn, answer, this.#turns.first !== undefined)
    if (this.#receiving === turn) this.#enter('passing')
  }

  /** What is no HTTP, or comes too late: it is answered when all before it is, and ends the connection. */
  #refuse(problem: Problem): void {
    const broken = this.#receiving
    this.#receiving = undefined
    if (!broken) {
      this.#trouble = problem
      // Who hears until its end would take it for a part of that.
      if (this.#turns.first?.request.method === 'GET') this.#over()
      else this.#settle()
      return
    }
    // The answer to a request that broke off in its body is its own, unless it has one.
    broken.isLast = true
    if (!broken.hasAnswer) {
      broken.fail()
      this.answered(broken, { ...lastAnswer(problem), isLast: true })
    } else if (broken.waiting) broken.waiting = { ...broken.waiting, isLast: true }
    else this.#over()
  }

  /**
   * Writes the last answer and ends our side. A socket that is closed while bytes still arrive resets the
   * connection, and the client might never see the answer: so they are taken and thrown away, within bounds.
   *
   * @see RFC 9112 §9.6, "lingering close"
   */
  #endWith({ head, body }: Pick<WholeAnswer, 'head' | 'body'>, turn?: Turn): void {
    this.#writer.send(head, body)
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
    this.#writer.flush()
    this.#enter('ending')
    this.#closeTurns()
    this.socket.destroySoon()
  }

  #closeTurns(): void {
    this.#writer.flush()
    this.#turns.close()
    const receiving = this.#receiving
    this.#receiving = undefined
    receiving?.close()
  }
}

function tooSlow(): Problem {
  return new Problem('request-timeout', 'Send the request faster.')
}
