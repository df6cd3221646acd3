import { channelKind, committedAtHeader, header } from '@tidings/protocol'
import { answerMalformed } from '../problem-error.js'
import type { Answer } from '../wire/http.js'
import { binaryBatch, emptyBatch, jsonBatch, type Position, type ReadBatch, textBatch } from './batch.js'
import { required } from './channels.js'
import { splitJsonArray } from './json-split.js'

/**
 * What an answer to a read says: of a plain GET or a long poll, 200 or 204.
 *
 * @throws ProblemError `answer-malformed`
 * @see Durable Streams §5.6, §5.7
 */
export function batchFromAnswer(answer: Answer): ReadBatch {
  const closed = answer.headers.get(header.closed) === 'true'
  const position = {
    nextOffset: required(answer, header.nextOffset),
    upToDate: closed || answer.headers.get(header.upToDate) === 'true',
    closed,
    ...committedAt(answer),
  }
  if (answer.body.byteLength === 0) return emptyBatch(position)
  const kind = channelKind(required(answer, 'content-type'))
  if (kind === 'binary') return binaryBatch([answer.body], position)
  const text = decodeText(answer.body)
  return kind === 'json' ? jsonBatchOf(text, position) : textBatch([text], position)
}

function committedAt({ headers }: Answer): { committedAtMs?: number } {
  const text = headers.get(committedAtHeader)
  // Another server of the protocol does not tell it.
  return text !== null && /^\d{1,15}$/.test(text) ? { committedAtMs: Number(text) } : {}
}

/** @throws ProblemError `answer-malformed` when `text` is no JSON array */
export function jsonBatchOf(text: string, position: Position): ReadBatch {
  return jsonBatch(splitMessages(text), position)
}

export function splitMessages(text: string): string[] {
  try {
    return splitJsonArray(text)
  } catch (error) {
    throw answerMalformed('The messages are not a JSON array.', error)
  }
}

/** A byte order mark that a message begins with belongs to the message. */
function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
