import type { RequestHead } from './head.js'
import type { Turn } from './turn.js'

/** Appends of one connection that wait for the disk together, and what they may bring, bytes. */
const maxTogether = 100
const maxBytesTogether = 1024 * 1024

/** The requests of a connection whose answers are not out, in their order. */
export class Turns {
  first: Turn | undefined
  #last: Turn | undefined
  #count = 0
  /** What their bodies bring, bytes. */
  #bytes = 0

  add(turn: Turn): void {
    if (this.#last) this.#last.next = turn
    else this.first = turn
    this.#last = turn
    this.#count++
    this.#bytes += lengthOf(turn.request)
  }

  /** The first one's answer is on its way out. */
  shift(): void {
    const { first } = this
    if (!first) return
    this.first = first.next
    if (!this.first) this.#last = undefined
    first.next = undefined
    this.#count--
    this.#bytes -= lengthOf(first.request)
  }

  /**
   * Whether a request may be looked at while these are not answered: an append behind appends that have their places.
   * Behind a last one nothing is, nor behind one whose body broke off: what comes is no request. @see RFC 9112 §9.6
   */
  isJoinedBy(head: RequestHead, isAppend: (head: RequestHead) => boolean): boolean {
    const last = this.#last
    if (!last?.hasPlace || last.isLast || this.#count >= maxTogether || head.expectsContinue) return false
    if (head.bodyBytes === 'chunked' || this.#bytes + head.bodyBytes > maxBytesTogether) return false
    return isAppend(last.request) && isAppend(head)
  }

  /** Nobody answers them any more: who asked hears that the client is gone. */
  close(): void {
    let turn = this.first
    this.first = undefined
    this.#last = undefined
    while (turn) {
      const { next } = turn
      turn.close()
      turn = next
    }
  }
}

function lengthOf({ bodyBytes }: RequestHead): number {
  return bodyBytes === 'chunked' ? 0 : bodyBytes
}
