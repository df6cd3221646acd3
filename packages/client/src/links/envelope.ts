import { answerMalformed, ProblemError } from '../problem-error.js'
import { isOffset } from '../wire/start.js'
import type { Envelope } from './link.js'

/** @throws what `problemOf` makes `answer-malformed` of, when it is no envelope or has data that can not be gone on from */
export function checked(envelope: Envelope): Envelope {
  const { type, channel, messages, nextOffset, offsets = messages } = envelope
  const isGood =
    type === 'data'
      ? typeof channel === 'string' &&
        isOffset(nextOffset) &&
        Array.isArray(messages) &&
        offsets?.length === messages.length &&
        (offsets === messages || offsets.every(isOffset))
      : typeof type === 'string'
  if (!isGood) throw answerMalformed('An envelope is none.')
  return envelope
}

/** What the server says is not trusted: whatever reading it throws is a problem with a code. */
export function problemOf(error: unknown): ProblemError {
  return error instanceof ProblemError ? error : answerMalformed('An answer can not be read.', error)
}
