/** Keys of the databases. Numbers are big-endian, so that the order of the bytes is the order of the numbers. */

/** Highest position that a key can hold; 2^53 - 1 is the highest that an offset can. */
const maxPosition = Number.MAX_SAFE_INTEGER
const numberBytes = 8
const twoTo32 = 2 ** 32

/** The longest key that LMDB takes with its pages of 4 KiB. */
export const maxKeyBytes = 1978

export interface KeyRange {
  readonly start: Buffer
  readonly end: Buffer
}

export function channelKey(name: string): Buffer {
  return Buffer.from(name, 'utf8')
}

export function idKey(channelId: number): Buffer {
  const key = Buffer.allocUnsafe(numberBytes)
  writeNumber(key, channelId, 0)
  return key
}

/** A batch is found by where it ends: the first key after a position is the batch that holds it. */
export function batchKey(channelId: number, end: number): Buffer {
  const key = Buffer.allocUnsafe(2 * numberBytes)
  writeNumber(key, channelId, 0)
  writeNumber(key, end, numberBytes)
  return key
}

export function producerKey(channelId: number, producerId: string): Buffer {
  return Buffer.concat([idKey(channelId), Buffer.from(producerId, 'utf8')])
}

export function endOfBatchKey(key: Uint8Array): number {
  return readNumber(key, numberBytes)
}

export function idOfKey(key: Uint8Array): number {
  return readNumber(key, 0)
}

/** Batches that end after `position`. */
export function batchesAfter(channelId: number, position: number): KeyRange {
  return { start: batchKey(channelId, position + 1), end: idKey(channelId + 1) }
}

/** Where to start looking, backwards, for a channel's last batch, and where to stop. */
export function lastBatch(channelId: number): KeyRange {
  return { start: batchKey(channelId, maxPosition), end: idKey(channelId) }
}

/** Batches from the one of key `from` backwards. */
export function batchesBack(channelId: number, from: Buffer): KeyRange {
  return { start: from, end: idKey(channelId) }
}

/** Every key of a channel, of batches and of producers alike. */
export function allOf(channelId: number): KeyRange {
  return { start: idKey(channelId), end: idKey(channelId + 1) }
}

function writeNumber(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / twoTo32), at)
  target.writeUInt32BE(value % twoTo32, at + 4)
}

function readNumber(source: Uint8Array, at: number): number {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength)
  return view.getUint32(at) * twoTo32 + view.getUint32(at + 4)
}
