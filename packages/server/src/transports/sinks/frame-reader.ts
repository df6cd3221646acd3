import { isUtf8 } from 'node:buffer'
import { closeCode } from '@tidings/protocol'
import { Pieces } from './pieces.js'
import { maxControlBytes, opcode } from './websocket-frame.js'

const noBytes = Buffer.alloc(0)

/** What a client's frames say. Called synchronously, in their order. */
export interface FrameListener {
  /** A whole message, its fragments joined. The bytes are the listener's only until it returns. */
  tookMessage(data: Buffer, isBinary: boolean): void
  tookPing(payload: Buffer): void
  /** The client's close; nothing is heard after it. 1005 stands for a close without a code. */
  tookClose(code: number, reason: string): void
}

/** Frames that are not as they should be; nothing is heard after them. */
export class FrameViolation extends Error {
  override readonly name = 'FrameViolation'
  readonly closeCode: number
  /** A problem's code. */
  readonly reason: string

  constructor(code: number, reason: string) {
    super(`${reason}: close with ${code}`)
    this.closeCode = code
    this.reason = reason
  }
}

/** What a frame's head says. */
interface Frame {
  code: number
  isFinal: boolean
  headBytes: number
  /** Of the payload. */
  bytes: number
  /** The mask, byte by byte. */
  first: number
  second: number
  third: number
  fourth: number
}

/** The head that was read last. Heads are read one after the other, so all sockets share it. */
const lastHead: Frame = {
  code: 0,
  isFinal: false,
  headBytes: 0,
  bytes: 0,
  first: 0,
  second: 0,
  third: 0,
  fourth: 0,
}

/**
 * Reads a client's frames from the bytes of its connection, however they are cut. Checks what RFC 6455 asks of
 * a client; no extension is agreed on, so its reserved bits are clear.
 *
 * What it holds is bounded by what has come, and by `maxMessageBytes`: a frame that only announces its bytes
 * costs nothing.
 *
 * Budget: a frame that is whole in its chunk costs one view of its payload, and no other object (bench/publish).
 * Between two messages it holds nothing, and need not be kept (bench/idle).
 *
 * Ours and not `ws`'s: that holds six objects per socket, idle or not.
 *
 * @see RFC 6455 §5
 */
export class FrameReader {
  readonly #listener: FrameListener
  readonly #maxMessageBytes: number
  /** A head that was cut. */
  #cut: Buffer | undefined
  /** The frame whose payload was cut. */
  #frame: Frame | undefined
  #payload: Pieces | undefined
  /** The message whose next fragment is to come. */
  #message: Pieces | undefined
  #messageCode = 0
  #isEnded = false

  constructor(listener: FrameListener, options: { readonly maxMessageBytes: number }) {
    this.#listener = listener
    this.#maxMessageBytes = options.maxMessageBytes
  }

  /** No frame and no message is cut, and more may come: a new reader would go on as well. */
  get isBetweenMessages(): boolean {
    return !this.#cut && !this.#frame && !this.#message && !this.#isEnded
  }

  /**
   * @param chunk what came; it is changed, and is not to be used any more
   * @throws FrameViolation
   */
  take(chunk: Buffer): void {
    let bytes = chunk
    if (this.#cut) {
      bytes = Buffer.concat([this.#cut, chunk])
      this.#cut = undefined
    }
    try {
      let at = 0
      while (at < bytes.byteLength && !this.#isEnded) {
        at = this.#frame ? this.#takePayload(this.#frame, bytes, at) : this.#takeHead(bytes, at)
      }
    } catch (error) {
      this.#isEnded = true
      throw error
    }
  }

  #takeHead(bytes: Buffer, start: number): number {
    if (!this.#readHead(bytes, start)) {
      // A copy: it must not hold what else came with it.
      this.#cut = Buffer.from(bytes.subarray(start))
      return bytes.byteLength
    }
    const at = start + lastHead.headBytes
    const end = at + lastHead.bytes
    if (end > bytes.byteLength) {
      this.#frame = { ...lastHead }
      return at
    }
    this.#whole(lastHead, lastHead.bytes === 0 ? noBytes : bytes.subarray(at, end))
    return end
  }

  /** Into `lastHead`. @returns false when there is not enough to tell */
  #readHead(bytes: Buffer, at: number): boolean {
    const left = bytes.byteLength - at
    if (left < 2) return false
    const [first, second] = [bytes[at] as number, bytes[at + 1] as number]
    this.#checkHead(first, second)
    const code = first & 0x0f
    const shortBytes = second & 0x7f
    const lengthBytes = shortBytes === 127 ? 8 : shortBytes === 126 ? 2 : 0
    if (left < 2 + lengthBytes) return false
    const payloadBytes = announcedBytes(bytes, at + 2, shortBytes)
    const heldBytes = this.#message?.byteLength ?? 0
    if (code < opcode.close && payloadBytes + heldBytes > this.#maxMessageBytes) {
      throw new FrameViolation(closeCode.tooLarge, 'message-too-large')
    }
    const headBytes = 2 + lengthBytes + 4
    if (left < headBytes) return false
    const maskAt = at + headBytes - 4
    lastHead.code = code
    lastHead.isFinal = isFinal(first)
    lastHead.headBytes = headBytes
    lastHead.bytes = payloadBytes
    lastHead.first = bytes[maskAt] as number
    lastHead.second = bytes[maskAt + 1] as number
    lastHead.third = bytes[maskAt + 2] as number
    lastHead.fourth = bytes[maskAt + 3] as number
    return true
  }

  #checkHead(first: number, second: number): void {
    const code = first & 0x0f
    const hasReserved = (first & 0x70) !== 0
    const isMasked = (second & 0x80) !== 0
    const isControl = code >= opcode.close
    const isInOrder =
      code === opcode.continuation
        ? this.#message !== undefined
        : code === opcode.text || code === opcode.binary
          ? this.#message === undefined
          : code === opcode.close || code === opcode.ping || code === opcode.pong
    const isSound = !isControl || (isFinal(first) && (second & 0x7f) <= maxControlBytes)
    if (hasReserved || !isMasked || !isInOrder || !isSound) throw malformed()
  }

  #takePayload(frame: Frame, bytes: Buffer, start: number): number {
    const missingBytes = frame.bytes - (this.#payload?.byteLength ?? 0)
    const end = Math.min(bytes.byteLength, start + missingBytes)
    const part = bytes.subarray(start, end)
    const isWhole = part.byteLength === missingBytes
    if (isWhole) this.#frame = undefined
    if (isWhole && !this.#payload) {
      this.#whole(frame, part)
      return end
    }
    this.#payload ??= new Pieces(frame.bytes)
    this.#payload.add(part)
    if (isWhole) {
      const payload = this.#payload.joined
      this.#payload = undefined
      this.#whole(frame, payload)
    }
    return end
  }

  #whole(frame: Frame, payload: Buffer): void {
    unmask(payload, frame)
    if (frame.code === opcode.ping) this.#listener.tookPing(payload)
    else if (frame.code === opcode.close) this.#takeClose(payload)
    else if (frame.code !== opcode.pong) this.#takeFragment(frame, payload)
  }

  #takeClose(payload: Buffer): void {
    this.#isEnded = true
    if (payload.byteLength === 0) {
      this.#listener.tookClose(closeCode.noStatus, '')
      return
    }
    if (payload.byteLength === 1) throw malformed()
    const code = payload.readUInt16BE(0)
    if (!mayBeSent(code)) throw malformed()
    const reason = payload.subarray(2)
    if (!isUtf8(reason)) throw new FrameViolation(closeCode.invalidPayload, 'message-invalid')
    this.#listener.tookClose(code, reason.toString())
  }

  #takeFragment({ code, isFinal }: Frame, payload: Buffer): void {
    if (code !== opcode.continuation) this.#messageCode = code
    if (isFinal && !this.#message) {
      this.#tell(payload)
      return
    }
    this.#message ??= new Pieces(this.#maxMessageBytes)
    this.#message.add(payload)
    if (!isFinal) return
    const message = this.#message.joined
    this.#message = undefined
    this.#tell(message)
  }

  #tell(message: Buffer): void {
    const isBinary = this.#messageCode === opcode.binary
    if (!isBinary && !isUtf8(message)) {
      throw new FrameViolation(closeCode.invalidPayload, 'message-invalid')
    }
    this.#listener.tookMessage(message, isBinary)
  }
}

function malformed(): FrameViolation {
  return new FrameViolation(closeCode.protocolError, 'request-malformed')
}

function isFinal(firstByte: number): boolean {
  return (firstByte & 0x80) !== 0
}

function announcedBytes(bytes: Buffer, at: number, shortBytes: number): number {
  if (shortBytes < 126) return shortBytes
  if (shortBytes === 126) return bytes.readUInt16BE(at)
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

function unmask(payload: Buffer, { first, second, third, fourth }: Frame): void {
  const whole = payload.byteLength & ~3
  for (let at = 0; at < whole; at += 4) {
    payload[at] = (payload[at] as number) ^ first
    payload[at + 1] = (payload[at + 1] as number) ^ second
    payload[at + 2] = (payload[at + 2] as number) ^ third
    payload[at + 3] = (payload[at + 3] as number) ^ fourth
  }
  const rest = [first, second, third]
  for (let at = whole; at < payload.byteLength; at++) {
    payload[at] = (payload[at] as number) ^ (rest[at - whole] as number)
  }
}

/** Codes that an endpoint may set in a close frame. @see RFC 6455 §7.4; IANA WebSocket Close Code Number Registry */
function mayBeSent(code: number): boolean {
  const isRegistered = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006
  return isRegistered || (code >= 3000 && code <= 4999)
}
