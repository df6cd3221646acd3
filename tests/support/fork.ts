import { createChannel, type ForkOptions, head, postPublisher } from '@tidings/client/ways'
import type { TestChannel } from './channel.js'

/** A fork of a channel of a test, through the client. */
export async function forkOf(
  source: TestChannel,
  name: string,
  point: Omit<ForkOptions, 'from'> = {},
  headers: Record<string, string> = {},
): Promise<TestChannel> {
  const address = { server: source.server, channel: name }
  const { contentType } = await createChannel(address, { fork: { from: source.channel, ...point }, headers })
  const publisher = postPublisher(address, { contentType })
  const url = `${source.server}/v1/stream/${name}`
  return {
    ...address,
    url,
    reading: (query) => `${url}?${new URLSearchParams(query)}`,
    publish: async (...messages) => (await publisher.publish(messages)).nextOffset,
  }
}

/** The channel's tail. */
export async function tailOf(channel: TestChannel): Promise<string> {
  return (await head(channel)).nextOffset
}

/** What a plain GET answers, as far as a test looks. */
export async function get(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url, { headers })
  const text = await answer.text()
  const isProblem = answer.headers.get('content-type') === 'application/problem+json'
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    code: isProblem ? (JSON.parse(text) as { code: string }).code : undefined,
  }
}

/** Appends as one who keeps no count of what was taken before. @returns the offset after it */
export async function append(
  channel: { readonly url: string },
  body: string,
  contentType = 'application/json',
) {
  const answer = await fetch(channel.url, { method: 'POST', headers: { 'content-type': contentType }, body })
  if (answer.status !== 204) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.headers.get('stream-next-offset') as string
}
