import { centrifuge } from './centrifuge.mjs'
import { durableStreams } from './durable-streams.mjs'
import { signalr } from './signalr.mjs'
import { socketIo } from './socket-io.mjs'
import { tidings } from './tidings.mjs'

export const peers = [tidings, durableStreams, socketIo, signalr, centrifuge]
