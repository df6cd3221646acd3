import { headerOf, malformed, maxHeadBytes, token } from './head.js'

/** A chunk's size in hexadecimal, and extensions that nobody heeds. Blanks between them are Node's server no good either. */
const quoted = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
const sizeLine = new RegExp(`^([0-9a-f]{1,13})(?:;${token}(?:=(?:${token}|${quoted}))?)*$`, 'i')
/** What would frame the body anew. @see RFC 9110 §6.5.1 */
const framing = /^(?:content-length|transfer-encoding)$/i
/** What stands between chunks may be so long, bytes. */
const maxLineBytes = 1024
const lineFeed = 0x0a

type Part = 'size' | 'data' | 'end of data' | 'trailers' | 'done'

/**
 * A body that tells its length chunk by chunk, however it is cut. Its trailers are read and not heeded.
 *
 * @see RFC 9112 §7.1
 */
export class ChunkedBody {
  #part: Part = 'size'
  /** A line whose end has not come. */
  #line = ''
  #leftBytes = 0
  /** Extensions and trailers. */
  #besideBytes = 0

  get isDone(): boolean {
    return this.#part === 'done'
  }

  /**
   * @param bytes what came
   * @param start where it has not been taken yet
   * @param give  hears each part of the body
   * @returns how far it was taken: to its end, unless the body ends before
   * @throws Problem `request-malformed`
   */
  take(bytes: Buffer, start: number, give: (part: Buffer) => void): number {
    let at = start
    while (at < bytes.byteLength && this.#part !== 'done') {
      at = this.#part === 'data' ? this.#takeData(bytes, at, give) : this.#takeLine(bytes, at)
    }
    return at
  }

  #takeData(bytes: Buffer, at: number, give: (part: Buffer) => void): number {
    const end = Math.min(bytes.byteLength, at + this.#leftBytes)
    this.#leftBytes -= end - at
    give(bytes.subarray(at, end))
    if (this.#leftBytes === 0) this.#part = 'end of data'
    return end
  }

  #takeLine(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(lineFeed, at)
    const end = feed === -1 ? bytes.byteLength : feed + 1
    this.#line += bytes.toString('latin1', at, end)
    if (this.#line.length > maxLineBytes + 2) throw malformed('A line between chunks is too long.')
    if (feed === -1) return end
    if (!this.#line.endsWith('\r\n')) throw malformed('A line between chunks ends with CR and LF.')
    const line = this.#line.slice(0, -2)
    this.#line = ''
    this.#read(line)
    return end
  }

  #read(line: string): void {
    if (this.#part === 'end of data') {
      if (line !== '') throw malformed('A chunk is longer than it says.')
      this.#part = 'size'
    } else if (this.#part === 'size') {
      const size = sizeLine.exec(line)?.[1]
      if (size === undefined) throw malformed('A chunk begins with its size.')
      this.#countBeside(line.length - size.length)
      this.#leftBytes = Number.parseInt(size, 16)
      this.#part = this.#leftBytes === 0 ? 'trailers' : 'data'
    } else {
      if (line !== '') checkTrailer(line)
      this.#countBeside(line.length)
      if (line === '') this.#part = 'done'
    }
  }

  /** A body has its bounds; what comes with it has them, too. */
  #countBeside(bytes: number): void {
    this.#besideBytes += bytes
    if (this.#besideBytes > maxHeadBytes)
      throw malformed('The extensions or trailers of the chunks are too long.')
  }
}

function checkTrailer(line: string): void {
  const [name] = headerOf(line)
  if (framing.test(name)) throw malformed(`${name} is no trailer.`)
}
