import { parseHead, type RequestHead } from './head.js'

/** Heads that are remembered, how long they may be and of how many headers: at most 5 MB for the whole server. */
const maxHeads = 512
const maxRememberedBytes = 2 * 1024
const maxRememberedHeaders = 40

/**
 * Heads that were read lately, by their bytes. A client that posts or polls sends the same head over and over, and
 * thousands of clients that hold a poll have it in common: it is read once, and kept once.
 */
export class Heads {
  readonly #heads = new Map<string, RequestHead>()

  /**
   * @param text as Latin-1, up to the empty line and without it
   * @throws Problem `request-malformed`
   */
  read(text: string): RequestHead {
    const known = this.#heads.get(text)
    if (known) return known
    const head = parseHead(text)
    if (text.length > maxRememberedBytes || head.rawHeaders.length > 2 * maxRememberedHeaders) return head
    // All at once: to know which was used last would cost each request more than to read a few anew.
    if (this.#heads.size >= maxHeads) this.#heads.clear()
    this.#heads.set(text, head)
    return head
  }
}
