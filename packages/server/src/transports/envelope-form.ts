import type { WireForm } from '../hub/index.js'
import { closedEnvelope, dataEnvelope, envelopeParts, placeEnvelope } from './envelope-text.js'
import { textFrameOf } from './sinks/websocket-frame.js'

/**
 * Batches as `data` envelopes, one text frame each; a closed channel's last is followed by `closed`.
 *
 * @param withOffsets an offset per message, for programs that store where they are after each
 */
function envelopeForm(withOffsets: boolean): WireForm {
  return {
    encode(batches, { channel, isUpToDate, isClosed }) {
      const parts = envelopeParts(batches, withOffsets)
      const last = parts.length - 1
      const frames = parts.map((batch, index) =>
        textFrameOf(dataEnvelope(batch, channel, { isUpToDate: isUpToDate && index === last, withOffsets })),
      )
      if (isClosed) frames.push(textFrameOf([closedEnvelope(channel)]))
      return Buffer.concat(frames)
    },
    atTail({ channel, isClosed }) {
      const { nextOffset } = channel
      const empty = textFrameOf([placeEnvelope(channel, { nextOffset, upToDate: true })])
      return isClosed ? Buffer.concat([empty, textFrameOf([closedEnvelope(channel)])]) : empty
    },
  }
}

export const plainEnvelopes = envelopeForm(false)
export const envelopesWithOffsets = envelopeForm(true)
