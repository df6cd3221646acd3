import { crc32 } from 'node:zlib'
import { Problem } from '@tidings/protocol'
import type { ChannelRecord, ProducerState } from '../../engine.js'

/**
 * Channel records, producer states and numbers as values: a CRC-32 in four bytes, then JSON, since they are
 * small and seldom read.
 */
const crcBytes = 4

export function encodeRecord(value: ChannelRecord | ProducerState | number): Buffer {
  const json = JSON.stringify(value)
  const record = Buffer.allocUnsafe(crcBytes + Buffer.byteLength(json))
  record.write(json, crcBytes)
  record.writeUInt32LE(crc32(record.subarray(crcBytes)))
  return record
}

/** @throws Problem `storage-damaged` */
export function decodeChannel(value: Uint8Array): ChannelRecord {
  return decodeRecord(value) as ChannelRecord
}

/** @throws Problem `storage-damaged` */
export function decodeProducer(value: Uint8Array): ProducerState {
  return decodeRecord(value) as ProducerState
}

/** @throws Problem `storage-damaged` */
export function decodeNumber(value: Uint8Array): number {
  return decodeRecord(value) as number
}

/** Past the checksum it is what `encodeRecord` was given: only we write here. */
function decodeRecord(value: Uint8Array): unknown {
  const record = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (record.byteLength <= crcBytes || record.readUInt32LE() !== crc32(record.subarray(crcBytes))) {
    throw new Problem(
      'storage-damaged',
      'A stored record of a channel or producer does not match its checksum: the disk or a program changed it after it was kept. Check the disk, and restore the data folder from a copy.',
    )
  }
  return JSON.parse(record.toString('utf8', crcBytes))
}
