// node hear.mjs DATA TRACE DURABILITY: a reader of what the process before has left. What it hears is noted
// as told: nobody may lose it any more. Does nothing that would flush it, and is killed rather than closed.

import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'
import { openNotes } from './notes.mjs'

const [data, trace, durability] = process.argv.slice(2)
const note = openNotes(trace)
const engine = await openDiskEngine({ folder: data, durability })
for (const { id, name, history } of engine.channels(undefined, 10_000)) {
  note({ told: 'created', channel: name, history })
  for (const batch of await engine.read(id, 0, 1 << 30)) {
    for (let index = 0; index < batch.messageCount; index++) {
      const { publisher, n } = JSON.parse(Buffer.from(batch.message(index)))
      note({ told: 'appended', channel: name, publisher, n, nextOffset: batch.offsetAfter(index) })
    }
  }
}
process.exit(0)
