import type { ByteString } from '@tidings/protocol'
import { endOfHead, longestHeadBytes } from './head.js'
import type { Output, Section } from './section.js'

/** Gathers a head up to its empty line. What is told of it stays in the stretch: a body may belong to it. */
export class HeadSection implements Section {
  hasEnded = false
  /** Something is missing in it, or it is too long: nobody knows what follows. */
  isLost = false
  text: ByteString = ''

  take(bytes: ByteString, from: number, out: Output): number {
    const before = this.text.length
    this.text += bytes.slice(from)
    const end = endOfHead(this.text, Math.max(0, before - 2))
    if (end === -1 && this.text.length > longestHeadBytes) this.#lose()
    if (end !== -1) {
      this.text = this.text.slice(0, end)
      this.hasEnded = true
    }
    const until = end === -1 ? bytes.length : from + end - before
    out.stretch.add(bytes.slice(from, until))
    return until
  }

  skip(): number {
    this.#lose()
    return 0
  }

  end(out: Output): void {
    if (!out.isStretchEmpty) out.tell((stretch) => ({ kind: 'unreadable', stretch }))
  }

  #lose(): void {
    this.isLost = true
    this.hasEnded = true
  }
}
