import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { decodeBatch, encodeBatch } from '../../packages/server/dist/log/batch-record.js'

// The rival of LMDB: one journal, written and flushed once per commit, and an index in memory that is rebuilt
// by reading the journal at start. As little as a fair comparison needs: no rotation, no removal, no retention.
//
// An entry: u32 length of what follows, u32 CRC, u8 what it is, then a channel's id and a batch's record, or JSON.

const entryHeadBytes = 9
const isBatch = 1
const isRecord = 2

export class SegmentEngine {
  name = 'segment'
  lastHistory = 0
  #file
  #end = 0
  /** By channel: where each batch ends in the channel, and where it stands in the file. */
  #batches = new Map()
  #channels = new Map()
  #producers = new Map()

  static async open(folder) {
    const engine = new SegmentEngine()
    engine.#file = await open(join(folder, 'journal'), 'a+')
    await engine.#replay()
    return engine
  }

  channel(name) {
    return this.#channels.get(name)
  }

  tail(channelId) {
    return this.#batches.get(channelId)?.at(-1)?.end ?? 0
  }

  channels(after, limit) {
    const names = [...this.#channels.keys()].sort().filter((name) => after === undefined || name > after)
    return names.slice(0, limit).map((name) => this.#channels.get(name))
  }

  producer(channelId, producerId) {
    return this.#producers.get(`${channelId} ${producerId}`)
  }

  async commit(commit) {
    const entries = []
    const found = []
    let at = this.#end
    for (const { channelId, batch } of commit.batches) {
      const record = encodeBatch(batch)
      const body = Buffer.allocUnsafe(8 + record.byteLength)
      body.writeDoubleLE(channelId)
      body.set(record, 8)
      entries.push(entry(isBatch, body))
      found.push({ channelId, end: batch.end, at: at + entryHeadBytes + 8, length: record.byteLength })
      at += entryHeadBytes + body.byteLength
    }
    const { channels, producers, lastHistory } = commit
    entries.push(entry(isRecord, Buffer.from(JSON.stringify({ channels, producers, lastHistory }))))
    const bytes = Buffer.concat(entries)
    await this.#file.write(bytes)
    await this.#file.datasync()
    this.#end += bytes.byteLength
    for (const batch of found) this.#index(batch)
    this.#apply(commit)
  }

  async read(channelId, position, maxBytes) {
    const batches = this.#batches.get(channelId) ?? []
    const read = []
    let bytes = 0
    for (let index = firstEndingAfter(batches, position); index < batches.length; index++) {
      const { at, length } = batches[index]
      bytes += length
      if (read.length > 0 && bytes > maxBytes) break
      const record = Buffer.allocUnsafe(length)
      await this.#file.read(record, 0, length, at)
      read.push(decodeBatch(record))
    }
    return read
  }

  async close() {
    await this.#file.close()
  }

  #index({ channelId, ...batch }) {
    const batches = this.#batches.get(channelId)
    if (batches) batches.push(batch)
    else this.#batches.set(channelId, [batch])
  }

  #apply({ channels, producers, lastHistory }) {
    for (const record of channels) this.#channels.set(record.name, record)
    for (const { channelId, producerId, state } of producers) {
      this.#producers.set(`${channelId} ${producerId}`, state)
    }
    this.lastHistory = lastHistory
  }

  async #replay() {
    const chunk = Buffer.allocUnsafe(8 << 20)
    for (;;) {
      const { bytesRead } = await this.#file.read(chunk, 0, chunk.byteLength, this.#end)
      const used = this.#replayChunk(chunk.subarray(0, bytesRead))
      if (used === 0) return
      this.#end += used
    }
  }

  #replayChunk(bytes) {
    let at = 0
    while (at + entryHeadBytes <= bytes.byteLength) {
      const next = at + 4 + bytes.readUInt32LE(at)
      if (next > bytes.byteLength) break
      if (bytes.readUInt32LE(at + 4) !== crc32(bytes.subarray(at + 8, next))) break
      const body = bytes.subarray(at + entryHeadBytes, next)
      if (bytes[at + 8] === isBatch) {
        const batch = decodeBatch(body.subarray(8))
        const place = { at: this.#end + at + entryHeadBytes + 8, length: body.byteLength - 8 }
        this.#index({ channelId: body.readDoubleLE(), end: batch.end, ...place })
      } else this.#apply(JSON.parse(body.toString()))
      at = next
    }
    return at
  }
}

function entry(what, body) {
  const bytes = Buffer.allocUnsafe(entryHeadBytes + body.byteLength)
  bytes.writeUInt32LE(5 + body.byteLength)
  bytes[8] = what
  bytes.set(body, entryHeadBytes)
  bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
  return bytes
}

function firstEndingAfter(batches, position) {
  let low = 0
  let high = batches.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (batches[middle].end > position) high = middle
    else low = middle + 1
  }
  return low
}
