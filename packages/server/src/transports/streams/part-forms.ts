import { endedPlace } from '@tidings/protocol'
import type { WireForm } from '../../hub/index.js'
import { dataLines } from '../data-lines.js'
import { closedEnvelope, dataEnvelope, envelopeParts, placeEnvelope } from '../envelope-text.js'

/** An envelope on the wire, the same for all who hear it, and where it brings its reader. */
export interface Part {
  readonly bytes: Uint8Array
  /** The place to go on from, as a vector has it; undefined where the reader is already. */
  readonly place?: string
}

type Framed = (pieces: readonly Uint8Array[]) => Uint8Array

/** One form for all who asked for an offset per message, and one for all who did not. */
export interface PartForms {
  readonly plain: WireForm<readonly Part[]>
  readonly withOffsets: WireForm<readonly Part[]>
}

function partForms(framed: Framed): PartForms {
  return { plain: partsForm(framed, false), withOffsets: partsForm(framed, true) }
}

/** Envelopes one by one: what a reader of several channels is told between them is its own. */
function partsForm(framed: Framed, withOffsets: boolean): WireForm<readonly Part[]> {
  return {
    encode(batches, { channel, isUpToDate, isClosed }) {
      const told = envelopeParts(batches, withOffsets)
      const last = told.length - 1
      const parts: Part[] = told.map((batch, index) => ({
        bytes: framed(
          dataEnvelope(batch, channel, { isUpToDate: isUpToDate && index === last, withOffsets }),
        ),
        place: batch.nextOffset,
      }))
      if (isClosed) parts.push({ bytes: framed([closedEnvelope(channel)]), place: endedPlace })
      return parts
    },
    atTail({ channel, isClosed }) {
      const { nextOffset } = channel
      const here: Part = { bytes: framed([placeEnvelope(channel, { nextOffset, upToDate: true })]) }
      return isClosed ? [here, { bytes: framed([closedEnvelope(channel)]), place: endedPlace }] : [here]
    },
  }
}

/** As the rest of an event, whose `id:` is each reader's own. */
export const eventParts = partForms(eventOf)

/** As they are, for an answer's JSON array. */
export const bareParts = partForms((pieces) =>
  pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces),
)

const fieldName = Buffer.from('data:')
const eventEnd = Buffer.from('\n\n')
const lineFeed = 0x0a
const carriageReturn = 0x0d

/** An unnamed event: a page needs `onmessage` alone. */
export function eventOf(pieces: readonly Uint8Array[]): Uint8Array {
  const hasLines = pieces.some((piece) => piece.includes(lineFeed) || piece.includes(carriageReturn))
  // Line breaks stand between the parts of a JSON value at most, where any white space will do.
  if (hasLines) return Buffer.from(`${dataLines(Buffer.concat(pieces).toString('utf8'))}\n`)
  return Buffer.concat([fieldName, ...pieces, eventEnd])
}
