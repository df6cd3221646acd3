import { crc32 } from 'node:zlib'
import { type ChannelKind, Problem } from '@tidings/protocol'
import { Batch } from './batch.js'

/**
 * A batch as bytes, for engines that keep them outside of this process. Little-endian:
 *
 *     0  u32  CRC-32 of all that follows
 *     4  u8   version of this form
 *     5  u8   kind: 0 json, 1 text, 2 binary
 *     6  u16  nothing, 0
 *     8  u64  history
 *    16  u64  start
 *    24  u64  committedAtMs
 *    32  u32  number of messages, n
 *    36  u32  bytes of payload, p
 *    40  u32  where each message ends in the payload, n times
 *     …  p bytes of payload
 */
const version = 1
const kinds: readonly ChannelKind[] = ['json', 'text', 'binary']
const headerBytes = 40
const crcBytes = 4

export function encodeBatch(batch: Batch): Buffer {
  const { messageEnds, payload } = batch
  const payloadAt = headerBytes + 4 * messageEnds.length
  const record = Buffer.allocUnsafe(payloadAt + payload.byteLength)
  record[4] = version
  record[5] = kinds.indexOf(batch.kind)
  record.writeUInt16LE(0, 6)
  writeSafeInteger(record, batch.history, 8)
  writeSafeInteger(record, batch.start, 16)
  writeSafeInteger(record, batch.committedAtMs, 24)
  record.writeUInt32LE(messageEnds.length, 32)
  record.writeUInt32LE(payload.byteLength, 36)
  messageEnds.forEach((end, index) => {
    record.writeUInt32LE(end, headerBytes + 4 * index)
  })
  record.set(payload, payloadAt)
  record.writeUInt32LE(crc32(record.subarray(crcBytes)), 0)
  return record
}

/**
 * @param record  the batch keeps a view of it, so it must be nobody else's
 * @throws Problem `storage-damaged` when it is not, to the bit, what `encodeBatch` made
 */
export function decodeBatch(record: Uint8Array): Batch {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength)
  // The lengths first: the checksum's own place must be there before it can be compared.
  if (bytes.byteLength < headerBytes) throw damaged('is cut short')
  if (bytes.readUInt32LE(0) !== crc32(bytes.subarray(crcBytes))) throw damaged('does not match its checksum')
  if (bytes[4] !== version) {
    throw damaged(`has the form ${bytes[4]}, and this version of Tidings reads ${version}`)
  }
  const kind = kinds[bytes[5] as number]
  const messageCount = bytes.readUInt32LE(32)
  const payloadBytes = bytes.readUInt32LE(36)
  const payloadAt = headerBytes + 4 * messageCount
  if (!kind || messageCount === 0 || payloadAt + payloadBytes !== bytes.byteLength) {
    throw damaged('has lengths that do not add up')
  }
  return new Batch({
    kind,
    history: readSafeInteger(bytes, 8),
    start: readSafeInteger(bytes, 16),
    committedAtMs: readSafeInteger(bytes, 24),
    messageEnds: readEnds(bytes, messageCount, payloadBytes),
    payload: bytes.subarray(payloadAt),
  })
}

function readEnds(bytes: Buffer, messageCount: number, payloadBytes: number): Uint32Array {
  const ends = new Uint32Array(messageCount)
  let last = 0
  for (let index = 0; index < messageCount; index++) {
    const end = bytes.readUInt32LE(headerBytes + 4 * index)
    if (end < last) throw damaged('has messages that end before they start')
    ends[index] = last = end
  }
  if (last !== payloadBytes) throw damaged('has messages that do not fill its payload')
  return ends
}

function damaged(why: string): Problem {
  return new Problem(
    'storage-damaged',
    `A stored batch ${why}: the disk or a program changed it after it was kept. Check the disk, and restore the data folder from a copy.`,
  )
}

const twoTo32 = 2 ** 32

function writeSafeInteger(target: Buffer, value: number, at: number): void {
  target.writeUInt32LE(value % twoTo32, at)
  target.writeUInt32LE(Math.floor(value / twoTo32), at + 4)
}

function readSafeInteger(source: Buffer, at: number): number {
  return source.readUInt32LE(at) + source.readUInt32LE(at + 4) * twoTo32
}
