import { type BodyFraming, isEventStream, requestFraming, responseFraming } from './body-framing.js'
import { ChunkedBody, LengthBody } from './body-section.js'
import { EventStreamSection } from './event-stream-section.js'
import { FramesSection } from './frames-section.js'
import { parseRequestHead, parseResponseHead, type ResponseHead } from './head.js'
import { HeadSection } from './head-section.js'
import { LostSection } from './lost-section.js'
import { UnitOutput } from './output.js'
import type { Piece } from './piece.js'
import type { Section } from './section.js'
import type { Stretch } from './stretch.js'
import type { Body, WireUnit } from './wire-unit.js'

const noBody: Body = { payload: '', byteLength: 0 }

/** What one side of an exchange sent, as it comes: the pieces may be cut anywhere. Never throws. */
abstract class DirectionReader {
  readonly #out = new UnitOutput()
  #section: Section = new HeadSection()

  /** @returns what has become whole with this piece, in the order in which it was sent */
  take({ bytes, missing, atMs }: Piece): WireUnit[] {
    this.#out.atMs = atMs
    if (bytes !== '') this.#section.beginWrite?.(bytes, this.#out)
    let at = 0
    while (at < bytes.length) {
      at = this.#section.take(bytes, at, this.#out)
      this.#goOn()
    }
    let left = missing
    while (left > 0) {
      const skipped = this.#section.skip(left, this.#out)
      left -= skipped
      this.#goOn()
      // What belongs to nobody can not be read by the next one either.
      if (skipped === 0 && !(this.#section instanceof LostSection)) this.#section = new LostSection()
    }
    return this.#out.takeUnits()
  }

  /** Nothing more will come. @returns what has been begun, and does not become whole */
  end(): WireUnit[] {
    this.#section.end(this.#out)
    this.#section = new LostSection()
    return this.#out.takeUnits()
  }

  /** @returns undefined for what is no head */
  protected abstract afterHead(text: string, tell: TellUnit): Section | undefined

  #goOn(): void {
    const section = this.#section
    if (!section.hasEnded) return
    const next = this.#sectionAfter(section)
    this.#section = next
    if (next instanceof LengthBody) next.begin(this.#out)
    if (next.hasEnded) this.#section = new LostSection()
  }

  /** A head tells what follows it; behind anything else, or a head that is none, nothing can be told apart. */
  #sectionAfter(section: Section): Section {
    if (!(section instanceof HeadSection) || section.isLost) return new LostSection()
    return this.afterHead(section.text, (unit) => this.#out.tell(unit)) ?? new LostSection()
  }
}

type TellUnit = (unit: (stretch: Stretch) => WireUnit) => void

export class RequestReader extends DirectionReader {
  protected override afterHead(text: string, tell: TellUnit): Section | undefined {
    const head = parseRequestHead(text)
    if (head === undefined) return undefined
    const unit = (stretch: Stretch, body: Body, isComplete: boolean): WireUnit => {
      return { kind: 'request', head, body, isComplete, stretch }
    }
    return sectionFor(requestFraming(head), unit, tell)
  }
}

export class ResponseReader extends DirectionReader {
  /** Of the request that is answered: an answer to HEAD has no body, whatever its head says. */
  method: string | undefined

  protected override afterHead(text: string, tell: TellUnit): Section | undefined {
    const head = parseResponseHead(text)
    if (head === undefined) return undefined
    const framing = responseFraming(head, this.method)
    const form = formOf(head, framing)
    const unit = (stretch: Stretch, body: Body, isComplete: boolean): WireUnit => {
      return { kind: 'response', head, form, body, isComplete, stretch }
    }
    if (form === 'interim') {
      tell((stretch) => unit(stretch, noBody, true))
      return new HeadSection()
    }
    if (form !== 'event-stream') return sectionFor(framing, unit, tell)
    tell((stretch) => unit(stretch, noBody, true))
    return new EventStreamSection(framing.is === 'chunked')
  }
}

function sectionFor(
  framing: BodyFraming,
  unit: (stretch: Stretch, body: Body, isComplete: boolean) => WireUnit,
  tell: TellUnit,
): Section {
  if (framing.is === 'length') return new LengthBody(framing.byteLength, unit)
  if (framing.is === 'until the end') return new LengthBody(Number.POSITIVE_INFINITY, unit)
  if (framing.is === 'chunked') return new ChunkedBody(unit)
  tell((stretch) => unit(stretch, noBody, true))
  return framing.is === 'frames' ? new FramesSection() : new LostSection()
}

function formOf(
  head: ResponseHead,
  framing: BodyFraming,
): 'interim' | 'whole' | 'event-stream' | 'websocket' {
  if (framing.is === 'frames') return 'websocket'
  if (head.status < 200) return 'interim'
  const isOpen = framing.is === 'chunked' || framing.is === 'until the end'
  return head.status === 200 && isOpen && isEventStream(head) ? 'event-stream' : 'whole'
}
