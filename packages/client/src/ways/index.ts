export type { ChannelKind, ProblemCode, ProblemFacts, Way } from '@tidings/protocol'
export { type ClientCode, type ErrorCode, ProblemError } from '../problem-error.js'
export { type Clock, systemClock } from '../time/clock.js'
export { type BackoffSettings, defaultBackoff, type RetryNotice, type RetryOptions } from '../time/retry.js'
export { type ChannelAddress, channelUrl, socketUrl } from '../wire/address.js'
export type { Fetch, HttpOptions } from '../wire/http.js'
export type { Start } from '../wire/start.js'
export type { WebSocketConstructor, WebSocketLike } from '../wire/websocket-like.js'
export type { BinaryBatch, EmptyBatch, JsonBatch, ReadBatch, TextBatch } from './batch.js'
export {
  type ChannelList,
  type ChannelRequestOptions,
  type ChannelState,
  type CreateOptions,
  closeChannel,
  createChannel,
  deleteChannel,
  type ForkOptions,
  head,
  type ListedChannel,
  type ListOptions,
  listChannels,
} from './channels.js'
export {
  type Published,
  type Publisher,
  type PublisherOptions,
  type PublishOptions,
  RawJson,
} from './publisher.js'
export { postPublisher } from './publishers/post.js'
export { type SocketPublisherOptions, socketPublisher } from './publishers/socket.js'
export { type AnyReaderOptions, type ReadOptions, read, readers } from './read.js'
export type { Reader, ReaderOptions } from './reader.js'
export { type LongPollOptions, longPollReader } from './readers/long-poll.js'
export { type ShortPollOptions, shortPollReader } from './readers/short-poll.js'
export { type SseOptions, sseReader } from './readers/sse.js'
export { type WebSocketOptions, webSocketReader } from './readers/websocket.js'
export { type SocketOptions, TidingsSocket } from './socket/socket.js'
