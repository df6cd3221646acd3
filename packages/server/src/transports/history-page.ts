import { header, startOffsetHeader } from '@tidings/protocol'
import { type Channel, messageBytesOf } from '../log/index.js'
import {
  bodyForm,
  codableBody,
  committedHeaders,
  contentHeaders,
  historyCaching,
  maxAnswerBytes,
} from './body-form.js'
import type { Exchange } from './exchange.js'
import type { Station } from './transport.js'

/**
 * A page backwards through history, as chats and dashboards need it: the last messages before a position. It
 * says where it starts; the page before it ends there. What it holds never changes, so it may be cached.
 */
export async function answerPageBefore(
  station: Station,
  exchange: Exchange,
  page: {
    readonly channel: Channel
    readonly position: number
    readonly last: number
    readonly isRelative: boolean
  },
): Promise<void> {
  const { channel, position, last, isRelative } = page
  await station.log.reader.checkStart(channel, position)
  const limits = { maxMessages: last, maxBytes: maxAnswerBytes }
  const batches = await station.log.reader.readBack(channel, position, limits)
  const start = batches[0]?.start ?? position
  exchange.respond({
    status: 200,
    headers: {
      ...contentHeaders(channel),
      [header.nextOffset]: channel.offsetAt(position),
      [startOffsetHeader]: channel.offsetAt(start),
      ...committedHeaders(batches),
      'cache-control': isRelative ? 'no-store' : historyCaching,
    },
    body: bodyForm.encode(batches, { channel, isUpToDate: false, isClosed: false }),
    codable: codableBody(channel, { start, end: position }),
    payloadBytes: messageBytesOf(batches),
  })
}
