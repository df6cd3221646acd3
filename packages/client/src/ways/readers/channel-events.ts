import type { ChannelKind } from '@tidings/protocol'
import { answerMalformed } from '../../problem-error.js'
import { decodeBase64 } from '../../wire/base64.js'
import type { StreamEvent } from '../../wire/event-stream.js'
import { splitMessages } from '../answer-batch.js'
import { binaryBatch, jsonBatch, type Position, type ReadBatch, textBatch } from '../batch.js'

/**
 * Makes batches of a channel's events: `data`, then the `control` event that says where to go on. What came
 * between two controls is one batch.
 *
 * @see Durable Streams §5.8
 */
export class ChannelEvents {
  readonly #kind: ChannelKind
  /** Data that no control has followed yet; bounded by the parser's bound and the server's rhythm. */
  #pending: string[] = []
  /** The offset after the pending data, where every part of it told one. */
  #pendingOffset: string | undefined
  /** To be echoed at the next connection. */
  cursor: string | undefined

  constructor(kind: ChannelKind) {
    this.#kind = kind
  }

  /** @throws ProblemError `answer-malformed` */
  accept(event: StreamEvent): ReadBatch | undefined {
    if (event.type === 'data') {
      this.#pending.push(event.data)
      this.#pendingOffset = event.id
      return undefined
    }
    // Kinds of events that a later version adds are none of ours.
    if (event.type !== 'control') return undefined
    const control = parseControl(event.data)
    this.cursor = control.cursor
    return this.#take(control)
  }

  /** The batch that a cut left without its control, if its data told the offset after it. */
  rest(): ReadBatch | undefined {
    if (this.#pendingOffset === undefined) return undefined
    return this.#take({ nextOffset: this.#pendingOffset, upToDate: false, closed: false })
  }

  #take(position: Position & { readonly cursor?: string | undefined }): ReadBatch {
    const pending = this.#pending
    this.#pending = []
    this.#pendingOffset = undefined
    const { cursor: _, ...facts } = position
    return this.#batch(pending, facts)
  }

  #batch(pending: readonly string[], position: Position): ReadBatch {
    if (this.#kind === 'json') return jsonBatch(pending.flatMap(splitMessages), position)
    if (this.#kind === 'text') return textBatch(pending, position)
    return binaryBatch(
      pending.map((text) => decodeBase64(text.replaceAll('\n', ''))),
      position,
    )
  }
}

interface Control extends Position {
  readonly cursor: string | undefined
}

function parseControl(text: string): Control {
  let control: Record<string, unknown>
  try {
    control = JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw answerMalformed('A control event is not JSON.', error)
  }
  const { streamNextOffset, streamCursor, upToDate, streamClosed, committedAt } = control ?? {}
  if (typeof streamNextOffset !== 'string') throw answerMalformed('A control event has no streamNextOffset.')
  const closed = streamClosed === true
  return {
    nextOffset: streamNextOffset,
    upToDate: closed || upToDate === true,
    closed,
    ...(typeof committedAt === 'number' && { committedAtMs: committedAt }),
    cursor: typeof streamCursor === 'string' ? streamCursor : undefined,
  }
}
