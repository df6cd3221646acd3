import { closeCode } from '@tidings/protocol'

/** @see RFC 6455 §5.2; those from `close` on are control frames */
export const opcode = { continuation: 0x0, text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const

/** What a control frame carries at most. @see RFC 6455 §5.5 */
export const maxControlBytes = 125

const final = 0x80

/** Frames from the server are not masked. @returns the head of one unfragmented frame: 2, 4 or 10 bytes */
export function frameHead(code: number, payloadBytes: number): Buffer {
  if (payloadBytes < 126) return Buffer.from([final | code, payloadBytes])
  if (payloadBytes < 65_536) {
    const head = Buffer.from([final | code, 126, 0, 0])
    head.writeUInt16BE(payloadBytes, 2)
    return head
  }
  const head = Buffer.alloc(10)
  head[0] = final | code
  head[1] = 127
  head.writeBigUInt64BE(BigInt(payloadBytes), 2)
  return head
}

/** @param pieces one after the other: a text */
export function textFrameOf(pieces: readonly Uint8Array[]): Buffer {
  let bytes = 0
  for (const piece of pieces) bytes += piece.byteLength
  return Buffer.concat([frameHead(opcode.text, bytes), ...pieces])
}

/** @param payload UTF-8, as a string with a code unit for each byte. @returns a text frame, as such a string */
export function textFrameString(payload: string): string {
  const bytes = payload.length
  const first = final | opcode.text
  if (bytes < 126) return String.fromCharCode(first, bytes) + payload
  if (bytes < 65_536) return String.fromCharCode(first, 126, bytes >>> 8, bytes & 0xff) + payload
  return frameHead(opcode.text, bytes).toString('latin1') + payload
}

export function pongFrame(payload: Uint8Array): Buffer {
  return Buffer.concat([frameHead(opcode.pong, payload.byteLength), payload])
}

export const pingFrame = frameHead(opcode.ping, 0)

/** @param code 1005 for a close without a code, which a frame can not name. @see RFC 6455 §5.5.1, §7.4.1 */
export function closeFrame(code: number, reason: string): Buffer {
  if (code === closeCode.noStatus) return frameHead(opcode.close, 0)
  const words = Buffer.from(reason).subarray(0, maxControlBytes - 2)
  const payload = Buffer.alloc(2 + words.byteLength)
  payload.writeUInt16BE(code)
  words.copy(payload, 2)
  return Buffer.concat([frameHead(opcode.close, payload.byteLength), payload])
}
