import type { ByteString } from '@tidings/protocol'
import { FrameReader } from './frame-reader.js'
import type { Output, Section } from './section.js'

/** One WebSocket frame after another. */
export class FramesSection implements Section {
  readonly hasEnded = false
  #frame = new FrameReader()

  take(bytes: ByteString, from: number, out: Output): number {
    const until = this.#frame.take(bytes, from)
    out.stretch.add(bytes.slice(from, until))
    this.#look(out)
    return until
  }

  skip(count: number, out: Output): number {
    const own = this.#frame.skip(count)
    out.stretch.skip(own)
    if (own < count) {
      // The frame itself is whole, as far as it counts; what is missing behind it may be many.
      this.#tell(out, true)
      this.#frame = lostFrame()
    } else this.#look(out)
    return own
  }

  /** Who writes frames begins a write with one, mostly. */
  beginWrite(_bytes: ByteString, out: Output): void {
    if (!this.#frame.isLost) return
    if (!out.isStretchEmpty) out.tell((stretch) => ({ kind: 'unreadable', stretch }))
    this.#frame = new FrameReader()
  }

  end(out: Output): void {
    if (!out.isStretchEmpty) this.#tell(out, false)
  }

  #look(out: Output): void {
    if (!this.#frame.isComplete) return
    this.#tell(out, true)
    this.#frame = new FrameReader()
  }

  #tell(out: Output, isComplete: boolean): void {
    const { header } = this.#frame
    out.tell((stretch) =>
      header === undefined ? { kind: 'unreadable', stretch } : { kind: 'frame', header, isComplete, stretch },
    )
  }
}

function lostFrame(): FrameReader {
  const frame = new FrameReader()
  frame.skip(1)
  return frame
}
