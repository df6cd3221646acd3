import { centrifuge, centrifugeRedis } from './centrifuge.mjs'
import { durableStreams } from './durable-streams.mjs'
import { signalr } from './signalr.mjs'
import { socketIo, socketIoRedis } from './socket-io.mjs'
import { tidings } from './tidings.mjs'

export const peers = [tidings, durableStreams, socketIo, socketIoRedis, signalr, centrifuge, centrifugeRedis]
