import {
  type ChannelAddress,
  type CreateOptions,
  createChannel,
  ProblemError,
  postPublisher,
} from '@tidings/client/ways'

/** A channel on a server of a test, by its raw URL and through the client. */
export interface TestChannel extends ChannelAddress {
  readonly url: string
  /** The URL of a read. */
  reading(query: Record<string, string>): string
  publish(...messages: unknown[]): Promise<string>
}

export async function createTestChannel(
  server: { readonly url: string },
  options: { channel?: string; contentType?: string } = {},
): Promise<TestChannel> {
  const { channel = 'cake', contentType = 'application/json' } = options
  const address = { server: server.url, channel }
  await createChannelSurely(address, { contentType })
  const publisher = postPublisher(address, { contentType })
  const url = `${server.url}/v1/stream/${channel}`
  return {
    ...address,
    url,
    reading: (query) => `${url}?${new URLSearchParams(query)}`,
    publish: async (...messages) => (await publisher.publish(messages)).nextOffset,
  }
}

/**
 * Makes a channel, or finds it. The first attempt may go to a connection that was kept to an earlier server on
 * the same port.
 */
export async function createChannelSurely(address: ChannelAddress, options?: CreateOptions) {
  try {
    return await createChannel(address, options)
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'connection-failed') throw error
    return await createChannel(address, options)
  }
}
