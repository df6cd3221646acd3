import { answerMalformed } from '../problem-error.js'

interface BatchFacts {
  /** Where to go on: give it to any reader, of any way. */
  readonly nextOffset: string
  /** Nothing more was there when the server sent this. */
  readonly upToDate: boolean
  /** The channel is closed and this is its end: nothing follows, the iteration ends after it. */
  readonly closed: boolean
  /** When the batch was kept, milliseconds since 1970: the last of them where several came at once. */
  readonly committedAtMs?: number
}

/** No messages, but news of the position: the tail that `now` stands for, caught up, or closed. */
export interface EmptyBatch extends BatchFacts {
  readonly kind: 'empty'
  readonly messages: readonly never[]
}

/** Messages of a JSON channel. `raw` is byte for byte what was published (9007199254740993 stays). */
export interface JsonBatch extends BatchFacts {
  readonly kind: 'json'
  /** The values; parsed when first asked for. @throws ProblemError `answer-malformed` */
  readonly messages: readonly unknown[]
  /** The same messages as JSON texts, without white space around them. */
  readonly raw: readonly string[]
}

/** Messages of a text channel. The HTTP ways run messages together: there it is one chunk, of one or more. */
export interface TextBatch extends BatchFacts {
  readonly kind: 'text'
  readonly messages: readonly string[]
}

/** Messages of a binary channel. The HTTP ways run messages together: there it is one chunk, of one or more. */
export interface BinaryBatch extends BatchFacts {
  readonly kind: 'binary'
  readonly messages: readonly Uint8Array[]
}

/** What a reader hands over at once. All messages lie before `nextOffset`. */
export type ReadBatch = EmptyBatch | JsonBatch | TextBatch | BinaryBatch

export type Position = Readonly<BatchFacts>

export function emptyBatch(position: Position): EmptyBatch {
  return { ...position, kind: 'empty', messages: [] }
}

export function jsonBatch(raw: readonly string[], position: Position): JsonBatch | EmptyBatch {
  return raw.length === 0 ? emptyBatch(position) : new LazyJsonBatch(raw, position)
}

export function textBatch(messages: readonly string[], position: Position): TextBatch | EmptyBatch {
  return messages.length === 0 ? emptyBatch(position) : { ...position, kind: 'text', messages }
}

export function binaryBatch(messages: readonly Uint8Array[], position: Position): BinaryBatch | EmptyBatch {
  return messages.length === 0 ? emptyBatch(position) : { ...position, kind: 'binary', messages }
}

/** An empty batch is handed over only when it says something that the one before did not. */
export function isNews(batch: ReadBatch, previous: Position | undefined): boolean {
  return (
    batch.kind !== 'empty' ||
    previous === undefined ||
    batch.closed ||
    batch.nextOffset !== previous.nextOffset ||
    batch.upToDate !== previous.upToDate
  )
}

/** A reader that passes texts on (the command line) never pays for values. */
class LazyJsonBatch implements JsonBatch {
  readonly kind = 'json'
  readonly raw: readonly string[]
  readonly nextOffset: string
  readonly upToDate: boolean
  readonly closed: boolean
  readonly committedAtMs?: number
  #messages: readonly unknown[] | undefined

  constructor(raw: readonly string[], position: Position) {
    this.raw = raw
    this.nextOffset = position.nextOffset
    this.upToDate = position.upToDate
    this.closed = position.closed
    if (position.committedAtMs !== undefined) this.committedAtMs = position.committedAtMs
  }

  get messages(): readonly unknown[] {
    this.#messages ??= this.raw.map(parseValue)
    return this.#messages
  }
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw answerMalformed('A message is not JSON.', error)
  }
}
