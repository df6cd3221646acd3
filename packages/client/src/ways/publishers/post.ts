import { ChannelPublisher } from '../../publishing/publisher.js'
import { type ChannelAddress, channelUrl } from '../../wire/address.js'
import { answerSilenceMs, ask } from '../../wire/http.js'
import { type Publisher, type PublisherOptions, publisherOf } from '../publisher.js'

/**
 * Publishes over POST, one request at a time, so that order holds on any number of connections. In a JSON
 * channel, what was published meanwhile goes together in the next request; in text and binary channels one
 * request is one message.
 *
 * @throws ProblemError `address-invalid`, `channel-name-invalid`
 * @see Durable Streams §5.2, §5.2.1
 */
export function postPublisher(address: ChannelAddress, options: PublisherOptions = {}): Publisher {
  const url = channelUrl(address)
  const port = {
    ...options,
    post: (
      headers: Readonly<Record<string, string>>,
      body: string | Uint8Array | undefined,
      signal: AbortSignal,
    ) => {
      const request = { method: 'POST' as const, headers, ...(body !== undefined && { body }), signal }
      return ask(url, { ...request, silenceMs: answerSilenceMs }, options)
    },
  }
  return publisherOf(address, new ChannelPublisher(address.channel, port, options), options)
}
