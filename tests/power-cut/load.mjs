// node load.mjs DATA TRACE DURABILITY SEED [CHANNELS] [COUNT]: publishers on the log over the disk engine, in one
// process. With COUNT the channels keep so many messages, and what their readers are told is noted as well.

import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'
import { Log } from '../../packages/server/dist/log/log.js'
import { openNotes } from './notes.mjs'
import { publishWith } from './publishers.mjs'

const [data, trace, durability, seed, channels, count] = process.argv.slice(2)
const log = new Log(await openDiskEngine({ folder: data, durability }))
const spec = {
  contentType: 'application/json',
  messages: [],
  ...(channels && { durability: channels }),
  ...(count && { retention: { count: Number(count) } }),
}
const note = openNotes(trace)

const store = {
  create: async (name) => (await log.create(name, spec)).channel.history,
  append: async (name, publisher, n, text) => {
    const producer = { id: `publisher-${publisher}`, epoch: 0, seq: n }
    const outcome = await log.append(log.findToAppend(name), { messages: [Buffer.from(text)], producer })
    const { history, keptEarliest: earliest } = log.peek(name)
    if (count) note({ told: 'earliest', channel: name, history, earliest })
    return outcome.nextOffset
  },
  remove: (name) => log.remove(name),
}

await publishWith(store, note, Number(seed))
await log.close()
