import type { ByteString } from '@tidings/protocol'

/** Bytes as they go over a wire, for the tests. */
export function httpHead(startLine: string, fields: Readonly<Record<string, string>> = {}): ByteString {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${startLine}\r\n${lines.join('')}\r\n`
}

export function chunk(payload: ByteString): ByteString {
  return `${payload.length.toString(16)}\r\n${payload}\r\n`
}

export const lastChunk = '0\r\n\r\n'

export function frame(
  opcode: number,
  payload: ByteString,
  { mask = '', isFinal = true }: { mask?: ByteString; isFinal?: boolean } = {},
): ByteString {
  const first = String.fromCharCode((isFinal ? 0x80 : 0) | opcode)
  const maskBit = mask === '' ? 0 : 0x80
  return first + lengthOf(payload.length, maskBit) + mask + maskedWith(payload, mask)
}

export function bigEndianBytes(number: number, count: number): ByteString {
  let bytes = ''
  for (let left = number, at = 0; at < count; at += 1, left = Math.floor(left / 256)) {
    bytes = String.fromCharCode(left % 256) + bytes
  }
  return bytes
}

function lengthOf(length: number, maskBit: number): ByteString {
  if (length <= 125) return String.fromCharCode(maskBit | length)
  if (length <= 0xffff) return String.fromCharCode(maskBit | 126) + bigEndianBytes(length, 2)
  return String.fromCharCode(maskBit | 127) + bigEndianBytes(length, 8)
}

function maskedWith(payload: ByteString, mask: ByteString): ByteString {
  if (mask === '') return payload
  return Array.from(payload, (byte, at) => {
    return String.fromCharCode(byte.charCodeAt(0) ^ mask.charCodeAt(at % 4))
  }).join('')
}
