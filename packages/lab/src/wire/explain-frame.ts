import type { ByteString } from '@tidings/protocol'
import { textOf } from './byte-string.js'
import { closeCodeMeaning } from './close-code-meanings.js'
import {
  bigEndian,
  type FrameHeader,
  isControl,
  longLengthBytes,
  opcode,
  opcodeName,
  parseFrameHeader,
  plainPayload,
} from './frame.js'
import { countOf, part, quote, unreadable } from './parts.js'
import type { Carried, WirePart } from './types.js'

const framing = 'RFC 6455 §5.2'
const masking = 'RFC 6455 §5.3'

/** A WebSocket frame: its bits, its length, its mask, and what it says. */
export function explainFrame({ bytes }: Carried): WirePart[] {
  const header = parseFrameHeader(bytes)
  if (header === undefined) return [unreadable(bytes, 'the beginning of a frame')]
  if (header === 'unreadable') return [unreadable(bytes, 'not a frame of WebSocket')]
  const end = header.byteLength + header.payloadLength
  return [
    ...explainFrameHeader(bytes, header),
    ...explainPayload(bytes, header),
    ...(bytes.length > end ? [unreadable(bytes.slice(end), 'behind the end of the frame')] : []),
  ]
}

function explainFrameHeader(bytes: ByteString, header: FrameHeader): WirePart[] {
  const { isMasked, payloadLength, byteLength } = header
  const parts = [part('frame header', bytes.slice(0, 2), bitsMeaning(header), sourceOf(header))]
  const lengthEnd = 2 + longLengthBytes(bytes)
  if (lengthEnd > 2) {
    const bits = (lengthEnd - 2) * 8
    const meaning = `${countOf(payloadLength, 'byte')} of payload, in ${bits} bits`
    parts.push(part('length', bytes.slice(2, lengthEnd), meaning, framing))
  }
  if (isMasked) {
    const mask = bytes.slice(lengthEnd, byteLength)
    const meaning = `each byte of the payload was combined by XOR with one of these four in turn: ${hex(mask)}`
    parts.push(part('mask', mask, meaning, masking))
  }
  return parts
}

function bitsMeaning(header: FrameHeader): string {
  const { isFinal, reserved, isMasked, payloadLength } = header
  const said = [
    `FIN ${isFinal ? 1 : 0}`,
    ...(reserved === 0 ? [] : [`RSV ${reserved.toString(2).padStart(3, '0')} (an extension)`]),
    `opcode ${header.opcode} (${opcodeName[header.opcode]})`,
    isMasked ? 'masked' : 'not masked',
    `${countOf(payloadLength, 'byte')} follow`,
  ]
  const fragment = isFinal ? '' : ': more of the message comes'
  return said.join(', ') + fragment
}

function sourceOf(header: FrameHeader): string {
  if (header.opcode === opcode.close) return `${framing}, §5.5.1`
  if (header.opcode === opcode.ping) return `${framing}, §5.5.2`
  if (header.opcode === opcode.pong) return `${framing}, §5.5.3`
  return !header.isFinal || header.opcode === opcode.continuation ? `${framing}, §5.4` : framing
}

function explainPayload(bytes: ByteString, header: FrameHeader): WirePart[] {
  const end = header.byteLength + header.payloadLength
  const payload = bytes.slice(header.byteLength, end)
  if (payload === '') return []
  const plain = plainPayload(bytes, header)
  if (header.opcode === opcode.close && payload.length >= 2) return explainClose(payload, plain)
  return [
    part(
      'payload',
      payload,
      payloadMeaning(header, plain),
      isControl(header) ? sourceOf(header) : 'RFC 6455 §5.6',
    ),
  ]
}

function payloadMeaning(header: FrameHeader, plain: ByteString): string {
  const length = countOf(plain.length, 'byte')
  if (header.reserved !== 0) return `${length}, as the extension made them`
  const says = header.isMasked ? 'unmasked' : length
  if (header.opcode === opcode.binary) return `${says}: ${quote(hex(plain))}`
  return `${says}: ${quote(textOf(plain))}`
}

function explainClose(payload: ByteString, plain: ByteString): WirePart[] {
  const code = bigEndian(plain.slice(0, 2))
  const codePart = part(
    'close code',
    payload.slice(0, 2),
    `${code}: ${closeCodeMeaning(code)}`,
    'RFC 6455 §5.5.1, §7.4.1',
  )
  if (payload.length === 2) return [codePart]
  const reason = `the reason: ${quote(textOf(plain.slice(2)))}`
  return [codePart, part('close reason', payload.slice(2), reason, 'RFC 6455 §5.5.1')]
}

/** `37 fa 21 3d` */
function hex(bytes: ByteString): string {
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' ')
}
