// node load.mjs DATA TRACE DURABILITY SEED [CHANNELS]: publishers on the log over the disk engine, in one process.

import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'
import { Log } from '../../packages/server/dist/log/log.js'
import { openNotes } from './notes.mjs'
import { publishWith } from './publishers.mjs'

const [data, trace, durability, seed, channels] = process.argv.slice(2)
const log = new Log(await openDiskEngine({ folder: data, durability }))
const spec = { contentType: 'application/json', messages: [], ...(channels && { durability: channels }) }

const store = {
  create: async (name) => (await log.create(name, spec)).channel.history,
  append: async (name, publisher, n, text) => {
    const producer = { id: `publisher-${publisher}`, epoch: 0, seq: n }
    const outcome = await log.append(log.findToAppend(name), { messages: [Buffer.from(text)], producer })
    return outcome.nextOffset
  },
  remove: (name) => log.remove(name),
}

await publishWith(store, openNotes(trace), Number(seed))
await log.close()
