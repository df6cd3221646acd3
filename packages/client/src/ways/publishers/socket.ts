import { ChannelPublisher } from '../../publishing/publisher.js'
import { type ChannelAddress, channelUrl } from '../../wire/address.js'
import { type Publisher, type PublisherOptions, publisherOf } from '../publisher.js'
import { type SocketOptions, type SocketUser, TidingsSocket } from '../socket/socket.js'

export interface SocketPublisherOptions extends PublisherOptions, SocketOptions {
  /** Publish over this one, beside others; default: a socket of its own. */
  readonly socket?: TidingsSocket
}

/**
 * Publishes over a WebSocket, many envelopes at a time: the server handles a socket's publishes in order.
 * What was not acknowledged when a connection broke is sent again over the next one, in order, with the same
 * sequence numbers, so that it is stored once.
 *
 * @throws ProblemError `address-invalid`, `channel-name-invalid`
 */
export function socketPublisher(address: ChannelAddress, options: SocketPublisherOptions = {}): Publisher {
  channelUrl(address)
  const channelPublisher = new ChannelPublisher(address.channel, options, options)
  const socket = options.socket ?? new TidingsSocket(address.server, options)
  const user: SocketUser = {
    connected: () =>
      channelPublisher.socketUp(
        (text) => socket.send(text),
        () => socket.nextId(user),
      ),
    lost: () => channelPublisher.socketDown(),
    failed: (error) => channelPublisher.fail(error),
    received(envelope) {
      if ('fields' in envelope) channelPublisher.answered({ ...envelope.fields, type: envelope.type })
    },
  }
  channelPublisher.over.addEventListener('abort', () => socket.leave(user))
  const publisher = publisherOf(address, channelPublisher, options)
  let hasJoined = false
  return {
    ...publisher,
    publish(messages, options) {
      const published = publisher.publish(messages, options)
      if (!hasJoined && !channelPublisher.over.aborted) socket.join(user)
      hasJoined = true
      return published
    },
  }
}
