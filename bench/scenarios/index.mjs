import { scenario as catchUp } from './catch-up.mjs'
import { scenario as fanOut } from './fan-out.mjs'
import { scenario as idle } from './idle.mjs'
import { scenario as latency } from './latency.mjs'
import { scenario as longPoll } from './long-poll.mjs'
import { scenario as manyChannels } from './many-channels.mjs'
import { scenario as publish } from './publish.mjs'
import { scenario as roundTrip } from './round-trip.mjs'
import { scenario as saturation } from './saturation.mjs'
import { scenario as scale } from './scale.mjs'
import { scenario as shortPoll } from './short-poll.mjs'
import { scenario as slowReaders } from './slow-readers.mjs'
import { scenario as whileFlushing } from './while-flushing.mjs'

/**
 * In the order of the report. A scenario has a `name`, a `title` and a sentence of what it `measures`; `cases(isQuick)`,
 * each with a `name`, and a `way` where the peers' endpoints differ; `figures`, the main one first; `isFor(peer, case)`
 * and `forms(peer, case)` where not all peers, or not their endpoints, are meant; and `measure(row, bench)`, which gives
 * one round's figures of one row, or a `failure`.
 */
export const scenarios = [
  fanOut,
  saturation,
  latency,
  whileFlushing,
  roundTrip,
  manyChannels,
  idle,
  publish,
  longPoll,
  shortPoll,
  catchUp,
  slowReaders,
  scale,
]
