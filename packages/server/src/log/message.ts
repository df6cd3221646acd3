import { isUtf8 } from 'node:buffer'
import { type ChannelKind, Problem } from '@tidings/protocol'
import { splitJsonArray, trimJson } from './json-values.js'

export interface MessageLimits {
  readonly maxMessageBytes: number
}

/**
 * The messages of one append, as views of the bytes that were sent. A JSON array is one level of several
 * messages when `flatten` is set, as HTTP bodies say; a WebSocket frame in plain mode is always one message.
 *
 * @param body not empty
 * @returns no messages for an empty JSON array: what that means is the caller's to say
 * @throws Problem `message-invalid`, `message-too-large`
 * @see Durable Streams §9.1
 */
export function messagesOf(
  kind: ChannelKind,
  body: Uint8Array,
  options: MessageLimits & { readonly flatten: boolean },
): Uint8Array[] {
  if (kind !== 'binary' && !isUtf8(body)) {
    throw new Problem(
      'message-invalid',
      'The body is not valid UTF-8. Send text as UTF-8, or use a binary channel.',
    )
  }
  const messages = kind === 'json' ? jsonMessages(body, options.flatten) : [body]
  for (const message of messages) checkSize(message, options.maxMessageBytes)
  return messages
}

function jsonMessages(body: Uint8Array, flatten: boolean): Uint8Array[] {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch (cause) {
    throw new Problem(
      'message-invalid',
      'The body is not valid JSON. This channel keeps JSON values.',
      {},
      { cause },
    )
  }
  const text = trimJson(body)
  return flatten && Array.isArray(value) ? splitJsonArray(text) : [text]
}

export function checkSize(message: Uint8Array, maxMessageBytes: number): void {
  if (message.byteLength <= maxMessageBytes) return
  throw new Problem(
    'message-too-large',
    `A message has at most ${maxMessageBytes} bytes here; this one has ${message.byteLength}. ` +
      'Split it, or raise TIDINGS_MAX_MESSAGE_BYTES.',
  )
}
