import type { ByteString } from '@tidings/protocol'
import type { Output, Section } from './section.js'

/** Takes everything: behind it nothing can be told apart. Told piece by piece, so that nothing grows. */
export class LostSection implements Section {
  readonly hasEnded = false

  take(bytes: ByteString, from: number, out: Output): number {
    out.stretch.add(bytes.slice(from))
    return bytes.length
  }

  skip(count: number, out: Output): number {
    out.stretch.skip(count)
    return count
  }

  beginWrite(_bytes: ByteString, out: Output): void {
    this.end(out)
  }

  end(out: Output): void {
    if (!out.isStretchEmpty) out.tell((stretch) => ({ kind: 'unreadable', stretch }))
  }
}
