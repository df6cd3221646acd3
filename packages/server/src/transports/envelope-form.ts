import type { EncodingContext, WireForm } from '../hub/index.js'
import type { Batch } from '../log/index.js'
import { frameHead, opcode, textFrame } from './sinks/websocket-frame.js'

/**
 * Batches as `data` envelopes, one text frame each; a closed channel's last is followed by `closed`.
 *
 * @param withOffsets an offset per message, for programs that store where they are after each
 */
function envelopeForm(withOffsets: boolean): WireForm {
  return {
    encode(batches, context) {
      const parts = withOffsets ? batches.flatMap((batch) => batch.partsWith(offsetBytes)) : batches
      const last = parts.length - 1
      const frames = parts.map((batch, index) =>
        dataFrame(batch, context, context.isUpToDate && index === last, withOffsets),
      )
      if (context.isClosed) frames.push(closedFrame(context))
      return Buffer.concat(frames)
    },
    atTail(context) {
      const { channel } = context
      const empty = textFrame(
        `{"type":"data","channel":${JSON.stringify(channel.name)},"messages":[],` +
          `"nextOffset":"${channel.nextOffset}","upToDate":true}`,
      )
      return context.isClosed ? Buffer.concat([empty, closedFrame(context)]) : empty
    },
  }
}

/** An offset in its quotes, and the comma that parts it from the next. */
const offsetBytes = 36

export const plainEnvelopes = envelopeForm(false)
export const envelopesWithOffsets = envelopeForm(true)

function dataFrame(
  batch: Batch,
  { channel }: EncodingContext,
  isUpToDate: boolean,
  withOffsets: boolean,
): Buffer {
  const head = Buffer.from(`{"type":"data","channel":${JSON.stringify(channel.name)},"messages":[`)
  const messages = messagesPart(batch)
  const offsets = withOffsets
    ? `"offsets":${JSON.stringify(Array.from({ length: batch.messageCount }, (_, index) => batch.offsetAfter(index)))},`
    : ''
  const end = Buffer.from(
    `],${batch.kind === 'binary' ? '"encoding":"base64",' : ''}${offsets}"nextOffset":"${batch.nextOffset}",` +
      `"committedAt":${batch.committedAtMs},"upToDate":${isUpToDate}}`,
  )
  const bytes = head.byteLength + messages.byteLength + end.byteLength
  return Buffer.concat([frameHead(opcode.text, bytes), head, messages, end])
}

/** JSON values go as they were published; text is a JSON string, bytes are base64. */
function messagesPart(batch: Batch): Uint8Array {
  if (batch.kind === 'json') return batch.payload
  const strings: string[] = []
  for (let index = 0; index < batch.messageCount; index++) {
    const { buffer, byteOffset, byteLength } = batch.message(index)
    const bytes = Buffer.from(buffer, byteOffset, byteLength)
    strings.push(
      batch.kind === 'text' ? JSON.stringify(bytes.toString('utf8')) : `"${bytes.toString('base64')}"`,
    )
  }
  return Buffer.from(strings.join(','))
}

function closedFrame({ channel }: EncodingContext): Buffer {
  return textFrame(
    `{"type":"closed","channel":${JSON.stringify(channel.name)},"nextOffset":"${channel.nextOffset}"}`,
  )
}
