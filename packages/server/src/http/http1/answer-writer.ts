import type { Socket } from 'node:net'
import type { Turn, WholeAnswer } from './turn.js'

/** A body up to this long, bytes, is copied behind its head: one piece is cheaper to write than two. */
const maxCopiedBytes = 16 * 1024

/**
 * Writes the answers of a connection: those that are given one after the other in one turn of the event loop together.
 *
 * Budget: per answer, or per turn of answers, one write of one text (bench/publish, bench/short-poll).
 */
export class AnswerWriter {
  readonly #socket: Socket
  #out = ''
  #answered: Turn[] | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /**
   * Writes an answer, then tells its turn that it is through.
   *
   * @param mayFollow others may follow in this turn of the event loop: one without a body waits for them
   */
  write(turn: Turn, { head, body }: WholeAnswer, mayFollow: boolean): void {
    if (!body && (mayFollow || this.#answered)) {
      if (!this.#answered) process.nextTick(flush, this)
      this.#out += head
      this.#answered ??= []
      this.#answered.push(turn)
      return
    }
    this.flush()
    this.send(head, body)
    turn.close()
  }

  /** Writes at once, behind what waits. */
  send(head: string, body?: Uint8Array): void {
    this.flush()
    const socket = this.#socket
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
    const answered = this.#answered
    if (!answered) return
    const out = this.#out
    this.#out = ''
    this.#answered = undefined
    if (!this.#socket.destroyed) this.#socket.write(out, 'latin1')
    for (const turn of answered) turn.close()
  }
}

/** Not made for each connection. */
function flush(writer: AnswerWriter): void {
  writer.flush()
}

function joined(head: string, body: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(head.length + body.byteLength)
  bytes.write(head, 'latin1')
  bytes.set(body, head.length)
  return bytes
}
