import {
  type Body,
  type EventBlock,
  type FrameHeader,
  opcode,
  opcodeName,
  plainPayload,
  type RequestHead,
  type ResponseHead,
} from '../wire/index.js'

export function requestLabel({ method, target }: RequestHead, form: 'whole' | 'websocket'): string {
  if (form === 'websocket') return `${method} upgrade`
  if (method !== 'GET') return method
  const query = new URLSearchParams(target.split('?', 2)[1] ?? '')
  const start = ['offset', 'last', 'since'].find((name) => query.has(name))
  return start === undefined ? 'GET' : `GET ${start}=${shortOffset(query.get(start) ?? '')}`
}

/** @param messages undefined for an answer that brings none by its nature: of a POST, or an opening */
export function responseLabel(
  { status }: ResponseHead,
  form: 'interim' | 'whole' | 'event-stream' | 'websocket',
  messages: number | undefined,
): string {
  if (form === 'event-stream') return `${status} event stream`
  if (status !== 200 || form !== 'whole' || messages === undefined) return String(status)
  return `${status} ${messagesLabel(messages)}`
}

export function blockLabel(block: EventBlock): string {
  if (block.data !== undefined) return block.type === 'message' ? 'event' : `event ${block.type}`
  if (block.retryMs !== undefined) return `retry ${block.retryMs} ms`
  if (block.id !== undefined) return `id ${shortOffset(block.id)}`
  return block.comments > 0 && !block.hasFields ? 'comment' : 'event without data'
}

export function frameLabel(header: FrameHeader, bytes: string): string {
  const name = opcodeName[header.opcode] ?? ''
  if (header.opcode === opcode.ping || header.opcode === opcode.pong) return name
  if (header.opcode !== opcode.close) return `${name} ${bytesLabel(header.payloadLength)}`
  const code = plainPayload(bytes, header).slice(0, 2)
  return code.length < 2 ? name : `${name} ${code.charCodeAt(0) * 256 + code.charCodeAt(1)}`
}

export function bodyLabel(label: string, body: Body): string {
  return body.byteLength === 0 ? label : `${label} ${bytesLabel(body.byteLength)}`
}

function messagesLabel(count: number): string {
  return count === 0 ? 'empty' : `${count.toLocaleString('en')} message${count === 1 ? '' : 's'}`
}

function bytesLabel(count: number): string {
  return `${count.toLocaleString('en')} byte${count === 1 ? '' : 's'}`
}

/** The last digits of an offset are those that change. */
function shortOffset(offset: string): string {
  const position = /^\d{16}_0*(\d+)$/.exec(offset)?.[1]
  return position === undefined ? offset.slice(0, 24) : `…${position}`
}
