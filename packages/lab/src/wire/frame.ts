import type { ByteString } from '@tidings/protocol'

/** @see RFC 6455 §5.2 */
export interface FrameHeader {
  readonly isFinal: boolean
  /** The three bits that extensions may use, RSV1 as 4. */
  readonly reserved: number
  readonly opcode: number
  readonly isMasked: boolean
  readonly payloadLength: number
  /** With the longer length and the mask. */
  readonly byteLength: number
}

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

export const opcodeName: Readonly<Record<number, string>> = {
  [opcode.continuation]: 'continuation',
  [opcode.text]: 'text',
  [opcode.binary]: 'binary',
  [opcode.close]: 'close',
  [opcode.ping]: 'ping',
  [opcode.pong]: 'pong',
}

export const maskLength = 4
const longestControlPayload = 125

export function isControl(header: FrameHeader): boolean {
  return header.opcode >= opcode.close
}

/** How many bytes of a length stand behind the first two. */
export function longLengthBytes(bytes: ByteString): number {
  const short = bytes.charCodeAt(1) & 0x7f
  return short === 126 ? 2 : short === 127 ? 8 : 0
}

/**
 * @returns undefined while the header is not whole, `unreadable` for what can be none: an opcode that is not
 * defined, a control frame that is long or a fragment, a length past 2^53
 */
export function parseFrameHeader(bytes: ByteString): FrameHeader | 'unreadable' | undefined {
  if (bytes.length < 2) return undefined
  const first = bytes.charCodeAt(0)
  const second = bytes.charCodeAt(1)
  const isMasked = (second & 0x80) !== 0
  const lengthBytes = longLengthBytes(bytes)
  const byteLength = 2 + lengthBytes + (isMasked ? maskLength : 0)
  const isKnown = opcodeName[first & 0x0f] !== undefined
  if (!isKnown) return 'unreadable'
  if (bytes.length < byteLength) return undefined
  const header = {
    isFinal: (first & 0x80) !== 0,
    reserved: (first >> 4) & 7,
    opcode: first & 0x0f,
    isMasked,
    payloadLength: lengthBytes === 0 ? second & 0x7f : bigEndian(bytes.slice(2, 2 + lengthBytes)),
    byteLength,
  }
  const isTooLong = !Number.isSafeInteger(header.payloadLength)
  const isBadControl = isControl(header) && (!header.isFinal || header.payloadLength > longestControlPayload)
  return isTooLong || isBadControl ? 'unreadable' : header
}

/** What a client's payload says. @see RFC 6455 §5.3 */
export function unmask(payload: ByteString, mask: ByteString): ByteString {
  let plain = ''
  for (let at = 0; at < payload.length; at += 1) {
    plain += String.fromCharCode(payload.charCodeAt(at) ^ mask.charCodeAt(at % maskLength))
  }
  return plain
}

export function bigEndian(bytes: ByteString): number {
  let number = 0
  for (let at = 0; at < bytes.length; at += 1) number = number * 256 + bytes.charCodeAt(at)
  return number
}

/** The payload of a frame as it was meant, as far as `frame` holds it. */
export function plainPayload(frame: ByteString, header: FrameHeader): ByteString {
  const payload = frame.slice(header.byteLength, header.byteLength + header.payloadLength)
  if (!header.isMasked) return payload
  return unmask(payload, frame.slice(header.byteLength - maskLength, header.byteLength))
}
