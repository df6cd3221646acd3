// node bench/durability/run.mjs [SECONDS]: what an append costs per durability, after npm run build.
//
// 100 publishers, each waiting for its own append, on 100 channels of one durability, above the log and the
// disk engine; for servers of both durabilities, and for memory channels beside a busy fsync channel. Each run
// is on a fresh folder. Prints a table.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Log } from '../../packages/server/dist/log/log.js'
import { openEngine } from '../../packages/server/dist/log/open-engine.js'

const seconds = Number(process.argv[2] ?? 2)
const publisherCount = 100
const message = Buffer.from(JSON.stringify('x'.repeat(98)))
const contentType = 'application/json'

console.log('| server | channels | appends/s | p50, ms | p99, ms |\n|---|---|---|---|---|')
for (const [server, channels, isBesideFsync] of [
  ['fsync', 'fsync', false],
  ['fsync', 'os', false],
  ['fsync', 'memory', false],
  ['fsync', 'memory', true],
  ['os', 'fsync', false],
  ['os', 'os', false],
  ['os', 'memory', false],
]) {
  const { perSecond, p50, p99 } = await measure(server, channels, isBesideFsync)
  const beside = isBesideFsync ? ', beside a busy fsync channel' : ''
  console.log(`| ${server} | ${channels}${beside} | ${perSecond} | ${p50} | ${p99} |`)
}

async function measure(server, durability, isBesideFsync) {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-bench-'))
  const log = await Log.open(await openEngine({ engine: 'disk', folder, durability: server }))
  const endMs = performance.now() + seconds * 1000
  const times = []
  const publish = async (name, sink) => {
    while (performance.now() < endMs) {
      const startMs = performance.now()
      await log.append(log.findToAppend(name), { messages: [message] })
      sink?.push(performance.now() - startMs)
    }
  }
  const names = Array.from({ length: publisherCount }, (_, index) => `channel-${index}`)
  for (const name of names) await log.create(name, { contentType, durability, messages: [] })
  await log.create('beside', { contentType, durability: 'fsync', messages: [] })
  const beside = isBesideFsync ? publish('beside') : undefined
  await Promise.all(names.map((name) => publish(name, times)))
  await beside
  await log.close()
  await rm(folder, { recursive: true })
  times.sort((a, b) => a - b)
  const at = (part) => times[Math.floor(times.length * part)].toFixed(2)
  return { perSecond: Math.round(times.length / seconds), p50: at(0.5), p99: at(0.99) }
}
