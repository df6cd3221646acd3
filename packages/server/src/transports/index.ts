export { codableBody } from './body-form.js'
export { EnvelopeSession } from './envelope-session.js'
export {
  type Account,
  type Answer,
  ConnectionGone,
  type Exchange,
  type Headers,
  type StreamSink,
} from './exchange.js'
export { answerPageBefore } from './history-page.js'
export { longPoll } from './long-poll.js'
export { Proofs } from './proofs.js'
export { shortPoll } from './short-poll.js'
export { ChunkedSink } from './sinks/chunked-sink.js'
export { Pieces } from './sinks/pieces.js'
export { ResponseSink } from './sinks/response-sink.js'
export { ceaseToHear, hear, type SocketListener } from './sinks/socket-listener.js'
export { textFrameString } from './sinks/websocket-frame.js'
export { upgradeToWebSocket } from './sinks/websocket-sink.js'
export { sse } from './sse.js'
export { streamsByLongPoll } from './streams/long-poll.js'
export { streamsByShortPoll } from './streams/short-poll.js'
export { streamsOverSse } from './streams/sse.js'
export type { StreamsReading, StreamsTransport } from './streams/streams-transport.js'
export type { Leaving, Reading, Station, Transport, TransportSettings } from './transport.js'
export { websocket } from './websocket.js'
export type { WebSocketConnection, WebSocketListener } from './websocket-connection.js'
