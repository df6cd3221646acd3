import type { ChannelKind } from '@tidings/protocol'
import { ProblemError } from '../problem-error.js'
import { RawJson } from './raw-json.js'

/** One message as it goes on the wire: a JSON text, a text, or bytes. */
export type Encoded = string | Uint8Array

const taken = { json: 'JSON values', text: 'strings', binary: 'Uint8Arrays' } as const

/** @throws ProblemError `message-invalid` */
export function encodeMessage(kind: ChannelKind, message: unknown): Encoded {
  let encoded = message
  let cause: unknown
  try {
    if (kind === 'json') encoded = message instanceof RawJson ? message.text : JSON.stringify(message)
  } catch (error) {
    cause = error
  }
  if (cause || !(kind === 'binary' ? encoded instanceof Uint8Array : typeof encoded === 'string')) {
    throw new ProblemError('message-invalid', `A ${kind} channel takes ${taken[kind]}.`, { cause })
  }
  // A copy: the caller may use its buffer again while this waits, or is sent a second time.
  return (encoded as Encoded).slice()
}
