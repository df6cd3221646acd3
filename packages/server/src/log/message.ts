import { isUtf8 } from 'node:buffer'
import { type ChannelKind, Problem } from '@tidings/protocol'
import { maxJsonDepth } from './json-scan.js'
import { isJsonArray, jsonElements, jsonValue } from './json-values.js'

export interface MessageLimits {
  readonly maxMessageBytes: number
}

/** Messages of one append. Each costs a hundred times its bytes while it is on its way, when it is small. */
export const maxMessagesPerAppend = 100_000

/**
 * The messages of one append, as views of the bytes that were sent. A JSON array is one level of several
 * messages when `flatten` is set, as HTTP bodies say; a WebSocket frame in plain mode is always one message.
 *
 * @param body not empty
 * @returns no messages for an empty JSON array: what that means is the caller's to say
 * @throws Problem `message-invalid`, `message-too-large`, `messages-too-many`
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
  if (flatten && isJsonArray(body)) return jsonArrayMessages(body)
  const value = jsonValue(body)
  if (!value) throw notJson()
  return [value]
}

/**
 * The elements of a JSON array as messages.
 *
 * @param text valid UTF-8
 * @throws Problem `message-invalid`, `messages-too-many`
 */
export function jsonArrayMessages(text: Uint8Array): Uint8Array[] {
  const messages = jsonElements(text, maxMessagesPerAppend)
  if (!messages) throw notJson()
  if (messages.length > maxMessagesPerAppend) {
    throw new Problem(
      'messages-too-many',
      `One append has at most ${maxMessagesPerAppend} messages. Send the rest in another.`,
    )
  }
  return messages
}

function notJson(): Problem {
  return new Problem(
    'message-invalid',
    `The body is not valid JSON, or is nested more than ${maxJsonDepth} deep. This channel keeps JSON values.`,
  )
}

export function totalBytes(messages: readonly Uint8Array[]): number {
  return messages.reduce((bytes, message) => bytes + message.byteLength, 0)
}

export function checkSize(message: Uint8Array, maxMessageBytes: number): void {
  if (message.byteLength <= maxMessageBytes) return
  throw new Problem(
    'message-too-large',
    `A message has at most ${maxMessageBytes} bytes here; this one has ${message.byteLength}. ` +
      'Split it, or raise TIDINGS_MAX_MESSAGE_BYTES.',
  )
}
