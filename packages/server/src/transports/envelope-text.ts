import type { ErrorEnvelope, Problem, ServerEnvelope } from '@tidings/protocol'
import type { AppendOutcome, Batch, Channel } from '../log/index.js'

/** An offset in its quotes, and the comma that parts it from the next. */
export const offsetBytes = 36

/** Batches as `data` envelopes carry them: with offsets in more parts, since each message takes more on the wire. */
export function envelopeParts(batches: readonly Batch[], withOffsets: boolean): readonly Batch[] {
  return withOffsets ? batches.flatMap((batch) => batch.partsWith(offsetBytes)) : batches
}

/**
 * A batch as a `data` envelope, in pieces, so that who frames them copies them once.
 *
 * @param options.withOffsets an offset per message, for programs that store where they are after each
 */
export function dataEnvelope(
  batch: Batch,
  channel: Channel,
  options: { readonly isUpToDate: boolean; readonly withOffsets?: boolean },
): Uint8Array[] {
  const offsets = options.withOffsets ? `"offsets":${JSON.stringify(offsetsOf(batch))},` : ''
  return [
    Buffer.from(`{"type":"data","channel":${JSON.stringify(channel.name)},"messages":[`),
    messagesPart(batch),
    Buffer.from(
      `],${batch.kind === 'binary' ? '"encoding":"base64",' : ''}${offsets}"nextOffset":"${batch.nextOffset}",` +
        `"committedAt":${batch.committedAtMs},"upToDate":${options.isUpToDate}}`,
    ),
  ]
}

/** Without messages: where a reader is. */
export function placeEnvelope(
  channel: Channel,
  at: { readonly nextOffset: string; readonly upToDate: boolean },
): Uint8Array {
  return envelopeOf({ type: 'data', channel: channel.name, messages: [], ...at })
}

export function closedEnvelope({ name, nextOffset }: Channel): Uint8Array {
  return envelopeOf({ type: 'closed', channel: name, nextOffset })
}

export function errorEnvelope(
  { code, status, message, facts }: Problem,
  { id, channel }: { readonly id?: number | string; readonly channel?: string },
): ErrorEnvelope {
  return {
    type: 'error',
    ...(id !== undefined && { id }),
    ...(channel !== undefined && { channel }),
    code,
    status,
    detail: message,
    ...facts,
  }
}

export function envelopeOf(envelope: ServerEnvelope): Uint8Array {
  return Buffer.from(JSON.stringify(envelope))
}

/** An envelope's bytes as a string with a code unit for each. */
export function envelopeString(envelope: ServerEnvelope): string {
  return byteString(JSON.stringify(envelope))
}

/** `published` envelopes of one socket, whose publishes nearly all go to one channel. */
export class PublishedEnvelopes {
  #channel: string | undefined
  #channelString = ''

  /** @returns the envelope's bytes as a string with a code unit for each */
  of(id: number | string | undefined, channel: string, { nextOffset, isDuplicate }: AppendOutcome): string {
    if (channel !== this.#channel) {
      this.#channel = channel
      this.#channelString = byteString(JSON.stringify(channel))
    }
    const idMember =
      id === undefined ? '' : `"id":${typeof id === 'number' ? id : byteString(JSON.stringify(id))},`
    return `{"type":"published",${idMember}"channel":${this.#channelString},"nextOffset":"${nextOffset}","duplicate":${isDuplicate}}`
  }
}

function byteString(text: string): string {
  return Buffer.from(text).toString('latin1')
}

function offsetsOf(batch: Batch): string[] {
  return Array.from({ length: batch.messageCount }, (_, index) => batch.offsetAfter(index))
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
