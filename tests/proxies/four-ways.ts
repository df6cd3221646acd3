import { type ChannelAddress, postPublisher, type Way } from '@tidings/client/ways'
import type { RunningServer } from 'tidings'
import { expect } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { RawEventStream } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { hearUntil } from '../support/ways.js'

/** A message that no buffer of a proxy holds as a whole, but below nginx's own limit for a request's body. */
const large = 'x'.repeat(600_000)

/**
 * Reads a channel from its beginning in one way, through the proxy, while more is published through it: each
 * message when the one before it was heard, so that nothing may lie in a buffer and wait for the next.
 */
export async function hearThroughProxy(
  way: Way,
  { proxy, server, channel }: { proxy: string; server: RunningServer; channel: string },
): Promise<void> {
  const direct = await createTestChannel(server, { channel })
  await direct.publish('before')
  const address: ChannelAddress = { server: proxy, channel }
  const publisher = postPublisher(address)
  const rest = ['one', large, 'three']
  const wanted = ['before', ...rest]
  const heard: unknown[] = []
  await hearUntil(address, { way, offset: '-1' }, (batches) => {
    const messages = batches.flatMap((batch) => batch.messages as readonly unknown[])
    const news = messages.length - heard.length
    heard.splice(0, heard.length, ...messages)
    const next = rest[0]
    if (news > 0 && next !== undefined) void publisher.publish([rest.shift()])
    return messages.length >= wanted.length
  })
  await publisher.stop()
  expect(heard).toEqual(wanted)
  await statsOf(server).untilNothingIsHeld()
}

/** A page's `EventSource` comes back with the last `id:` that it saw: the header must pass. */
export async function resumeEvents(proxy: string, server: RunningServer): Promise<void> {
  const channel = await createTestChannel(server, { channel: 'resumed' })
  const first = await channel.publish('first')
  await channel.publish('second')
  const url = `${proxy}/v1/stream/resumed?live=sse&offset=-1`
  const stream = (await RawEventStream.open(url, { 'last-event-id': first })).read()
  await stream.has(/data:\["second"\]/)
  expect(stream.text).not.toContain('first')
}
