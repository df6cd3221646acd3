/**
 * Reads an event stream as it comes, cut anywhere: also inside a character (the decoder before this sees to
 * that), a line, or between the CR and the LF of one line's end.
 *
 * Linear in the stream: each character is looked at once, and a line that arrives in many pieces is joined
 * once, when its end has come.
 *
 * @see HTML standard, "Interpreting an event stream",
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export interface StreamEvent {
  /** `message` when the stream named none. */
  readonly type: string
  /** The lines of data, joined by LF. */
  readonly data: string
  /** The id that stood in this event's own block. An earlier event's, which stays in force, is not told. */
  readonly id: string | undefined
}

/** Characters of one event that has not ended yet; beyond it the stream is not one of ours. */
const defaultMaxEventLength = 64 * 1024 * 1024

const byteOrderMark = '\uFEFF'

export class EventTooLong extends Error {
  override readonly name = 'EventTooLong'
}

export class EventStreamParser {
  readonly #maxEventLength: number
  /** Left out when it comes first: the mark, and after a chunk that ended in CR the LF that belongs to it. */
  #skipped = byteOrderMark
  /** Pieces of the line that has not ended yet. */
  #pieces: string[] = []
  #pendingLength = 0

  #type = ''
  #data: string[] = []
  #id: string | undefined

  /** How long the stream asked to wait before a reconnect, milliseconds. */
  retryMs: number | undefined

  constructor(maxEventLength = defaultMaxEventLength) {
    this.#maxEventLength = maxEventLength
  }

  /**
   * @param chunk decoded text, its byte order mark not yet removed
   * @returns the events that ended in it. What has not ended when the stream does is no event
   * @throws EventTooLong
   */
  push(chunk: string): StreamEvent[] {
    if (chunk === '') return []
    const text = chunk[0] === this.#skipped ? chunk.slice(1) : chunk
    // The line has ended, whatever comes next: waiting for an LF would hold back an event that is whole.
    this.#skipped = text.endsWith('\r') ? '\n' : ''
    const pieces = text.split(/\r\n?|\n/)
    const rest = pieces.pop() as string
    const events = pieces.map((piece) => this.#endLine(piece)).filter((event) => event !== undefined)
    this.#keep(rest)
    return events
  }

  #keep(piece: string): void {
    this.#pieces.push(piece)
    this.#pendingLength += piece.length
    if (this.#pendingLength > this.#maxEventLength) {
      throw new EventTooLong(`An event has more than ${this.#maxEventLength} characters.`)
    }
  }

  #endLine(lastPiece: string): StreamEvent | undefined {
    this.#keep(lastPiece)
    const line = this.#pieces.join('')
    this.#pieces = []
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    // A line that begins with a colon is a comment: it belongs to no event, and heartbeats go on for ever.
    if (colon === 0) this.#pendingLength -= line.length
    else if (colon === -1) this.#field(line, '')
    else this.#field(line.slice(0, colon), line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1)))
    return undefined
  }

  #field(name: string, value: string): void {
    if (name === 'data') this.#data.push(value)
    else if (name === 'event') this.#type = value
    else if (name === 'id') {
      // The standard ignores such an id: headers can not carry it.
      if (!value.includes('\0')) this.#id = value
    } else if (name === 'retry' && /^[0-9]+$/.test(value)) this.retryMs = Number(value)
  }

  #dispatch(): StreamEvent | undefined {
    const event =
      this.#data.length === 0
        ? undefined
        : { type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id }
    this.#type = ''
    this.#data = []
    this.#id = undefined
    this.#pendingLength = 0
    return event
  }
}
