/** Frames from the server are not masked. @see RFC 6455 §5.2, §5.3 */
export const opcode = { text: 0x1, binary: 0x2 } as const

const final = 0x80

/** @returns the head of one unfragmented frame: 2, 4 or 10 bytes */
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
