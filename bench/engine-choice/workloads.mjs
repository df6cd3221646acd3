import { monitorEventLoopDelay } from 'node:perf_hooks'
import { packBatches } from '../../packages/server/dist/log/batch.js'
import { Log } from '../../packages/server/dist/log/log.js'

// Each workload takes `openEngine` and gives back figures by name. The log above the engine is the real one.

const channelCount = 5000
const publisherCount = 100
const readerCount = 10
const readBytes = 256 << 10
const message = Buffer.from(JSON.stringify({ text: 'x'.repeat(89) }))
const spec = { contentType: 'application/json', closed: false, messages: [] }

/** 100 publishers, each waiting for its own append, over 5,000 channels. */
export async function publish(openEngine, seconds) {
  const log = new Log(await openEngine())
  await makeChannels(log)
  const figures = await withPublishers(log, () => sleep(seconds * 1000))
  await log.close()
  return figures
}

/** The same, while ten readers read a channel of 300,000 messages from its beginning, over and over, as fast as they can. */
export async function replayFlatOut(openEngine, seconds) {
  return await replay(openEngine, seconds, 0)
}

/** The same with readers that together take 100 MB/s. */
export async function replayPaced(openEngine, seconds) {
  return await replay(openEngine, seconds, (readBytes * readerCount * 1000) / 100e6)
}

async function replay(openEngine, seconds, pauseMs) {
  const log = new Log(await openEngine())
  await makeChannels(log)
  await preload(log.engine, [log.peek('channel-0').record], 300_000)
  // The log above has a tail of its own for this channel: another one finds what was put below it.
  const loaded = new Log(log.engine)
  const channel = loaded.peek('channel-0')
  const startMs = performance.now()
  let bytes = 0
  const readOnAndOn = async (reader) => {
    let position = 0
    for (let turn = reader / readerCount; performance.now() < startMs + seconds * 1000; turn++) {
      const batches = await loaded.read(channel, position, readBytes)
      for (const batch of batches) bytes += batch.payload.byteLength
      position = batches.at(-1)?.end ?? 0
      const waitMs = startMs + turn * pauseMs - performance.now()
      await (waitMs > 0 ? sleep(waitMs) : new Promise(setImmediate))
    }
  }
  const readers = () => Promise.all(Array.from({ length: readerCount }, (_, reader) => readOnAndOn(reader)))
  const figures = await withPublishers(loaded, readers)
  await loaded.close()
  return { ...figures, 'replayed MB/s': bytes / seconds / 1e6 }
}

/** Opening with 1,000,000 messages in 5,000 channels, and the first read. */
export async function opening(openEngine) {
  const log = new Log(await openEngine())
  await makeChannels(log)
  const records = log.list(undefined, channelCount).map((channel) => channel.record)
  await preload(log.engine, records, 1_000_000)
  await log.close()
  const startMs = performance.now()
  const again = new Log(await openEngine())
  const openMs = performance.now() - startMs
  await again.read(again.peek('channel-17'), 0, 1 << 20)
  const readMs = performance.now() - startMs
  await again.close()
  return { 'open ms': openMs, 'open and first read ms': readMs }
}

async function withPublishers(log, meanwhile) {
  const delays = []
  const loop = monitorEventLoopDelay({ resolution: 1 })
  let isOver = false
  const publishOnAndOn = async (seed) => {
    let state = seed
    while (!isOver) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      const startMs = performance.now()
      await log.append(log.findToAppend(`channel-${state % channelCount}`), { messages: [message] })
      delays.push(performance.now() - startMs)
    }
  }
  const startMs = performance.now()
  const publishers = Array.from({ length: publisherCount }, (_, index) => publishOnAndOn(index + 1))
  loop.enable()
  await meanwhile()
  isOver = true
  const seconds = (performance.now() - startMs) / 1000
  loop.disable()
  await Promise.all(publishers)
  delays.sort((a, b) => a - b)
  return {
    'appends/s': delays.length / seconds,
    'append p50 ms': delays[delays.length >> 1],
    'append p99 ms': delays[Math.floor(delays.length * 0.99)],
    'loop stall p99 ms': loop.percentile(99) / 1e6,
  }
}

async function makeChannels(log) {
  const made = Array.from({ length: channelCount }, (_, index) => log.create(`channel-${index}`, spec))
  await Promise.all(made)
}

/** Straight into the engine, a hundred messages a batch. */
async function preload(engine, records, messageCount) {
  const messages = Array.from({ length: 100 }, () => message)
  const perChannel = messageCount / records.length
  const lastHistory = engine.lastHistory
  for (let start = 0; start < perChannel; start += messages.length) {
    for (let from = 0; from < records.length; from += 500) {
      const batches = records.slice(from, from + 500).flatMap(({ id, history }) =>
        packBatches(messages, { kind: 'json', history, start, committedAtMs: 1 }).map((batch) => ({
          channelId: id,
          batch,
        })),
      )
      await engine.commit({ batches, channels: [], producers: [], removed: [], lastHistory })
    }
  }
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
