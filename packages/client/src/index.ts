export type { Way } from '@tidings/protocol'
export type {
  Channel,
  ChannelDetails,
  ChannelEvent,
  ChannelOptions,
  HearOptions,
  ProducerOptions,
  PublishReceipt,
  StartOptions,
} from './channel/channel.js'
export type { SchemaResult, StandardSchema } from './channel/standard-schema.js'
export type { Gap, GapChoice } from './channel/subscription.js'
export type { WayMemory } from './choosing/way-memory.js'
export type { Surrounding, Surroundings } from './connection/surroundings.js'
export { type ErrorCode, ProblemError } from './problem-error.js'
export { RawJson } from './publishing/raw-json.js'
export {
  type ConnectOptions,
  connect,
  type Tidings,
  type TidingsDetails,
  type TidingsState,
} from './tidings.js'
export type { Clock } from './time/clock.js'
export type { BackoffSettings } from './time/retry.js'
export type { TypedTarget } from './typed-target.js'
export type { Fetch } from './wire/http.js'
export type { WebSocketConstructor, WebSocketLike } from './wire/websocket-like.js'
