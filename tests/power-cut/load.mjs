// node load.mjs DATA TRACE DURABILITY SEED: publishers on the log over the disk engine, in one process.
// Writes down what each was told.

import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'
import { Log } from '../../packages/server/dist/log/log.js'
import { openNotes } from './notes.mjs'

const publishers = 16
const appendsOfEach = 30

const [data, trace, durability, seed] = process.argv.slice(2)
const note = openNotes(trace)
const log = new Log(await openDiskEngine({ folder: data, durability }))

async function create(name) {
  const { channel } = await log.create(name, { contentType: 'application/json', closed: false, messages: [] })
  note({ told: 'created', channel: name, history: channel.history })
  return channel
}

async function remove(channel) {
  const { name, history } = channel
  note({ told: 'removing', channel: name, history })
  await log.remove(name)
  note({ told: 'removed', channel: name, history })
}

async function publish(publisher, random) {
  const counts = new Map()
  const append = async (channel) => {
    const n = counts.get(channel) ?? 0
    counts.set(channel, n + 1)
    // Now and then more than a page of LMDB's, which it keeps apart.
    const filling = 'x'.repeat(random() < 0.1 ? 5000 * random() : 200 * random())
    const outcome = await log.append(log.findToAppend(channel), {
      messages: [Buffer.from(JSON.stringify({ publisher, n, filling }))],
      producer: { id: `publisher-${publisher}`, epoch: 0, seq: n },
    })
    note({ told: 'appended', channel, publisher, n, nextOffset: outcome.nextOffset })
  }
  await create(`own/${publisher}`)
  for (let turn = 0; turn < appendsOfEach; turn++) {
    await append(random() < 0.5 ? 'shared' : `own/${publisher}`)
    if (turn % 10 === 5) {
      const name = `short-lived/${publisher}-${turn}`
      const channel = await create(name)
      await append(name)
      if (random() < 0.7) await remove(channel)
    }
    // Publishers that wait a little, each differently, make more commits of fewer.
    for (let turns = 8 * random(); turns > 0; turns--) await new Promise(setImmediate)
  }
}

function seeded(state) {
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** Stops at the first refusal, having tried once more: what is refused once is refused from then on. */
async function publishUntilRefused(publisher, random) {
  try {
    await publish(publisher, random)
  } catch (error) {
    note({ told: 'refused', code: error.code })
    await create(`after/${publisher}`).catch(() => {})
  }
}

await create('shared')
await Promise.all(
  Array.from({ length: publishers }, (_, index) => publishUntilRefused(index, seeded(Number(seed) + index))),
)
await log.close()
