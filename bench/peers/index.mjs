import { peer as bare } from './bare.mjs'
import { peer as betterSse } from './better-sse.mjs'
import { peer as bun } from './bun.mjs'
import { peer as centrifugo } from './centrifugo.mjs'
import { inFiles, inMemory } from './durable-streams.mjs'
import { peer as nchan } from './nchan.mjs'
import { peer as socketIo } from './socket-io.mjs'
import { peer as tidings } from './tidings.mjs'
import { peer as ws } from './ws.mjs'

/**
 * All of them, ours first. A peer has a `name` and a `title`; `install()` throws Absent with the reason when it
 * can't be had; `serve(options)` gives the command of its server, `prepare(options)` what it needs before use;
 * `publish` and `endpoints` hold the load generator's options for each form of publishing and each way of hearing.
 */
export const peers = [tidings, bun, nchan, centrifugo, socketIo, ws, inMemory, inFiles, betterSse, bare]
