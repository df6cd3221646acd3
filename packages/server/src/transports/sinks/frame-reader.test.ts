import { createRequire } from 'node:module'
import type { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { pick, randomOf, seedOfRun } from '../../../../../tests/support/random.js'
import { FrameReader, FrameViolation } from './frame-reader.js'
import { opcode } from './websocket-frame.js'

const maxMessageBytes = 70_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What a reader said, in order. */
type Word = string

/** Feeds the chunks to our reader. */
function ours(chunks: readonly Buffer[]): Word[] {
  const words: Word[] = []
  const reader = new FrameReader(
    {
      tookMessage: (data, isBinary) =>
        words.push(`${isBinary ? 'binary' : 'text'} ${data.toString('base64')}`),
      tookPing: (payload) => words.push(`ping ${payload.toString('base64')}`),
      tookClose: (code, reason) => words.push(`close ${code} ${reason}`),
    },
    { maxMessageBytes },
  )
  try {
    for (const chunk of chunks) reader.take(Buffer.from(chunk))
  } catch (error) {
    if (!(error instanceof FrameViolation)) throw error
    words.push(`violation ${error.closeCode}`)
  }
  return words
}

/** The same of `ws`, which many have tried to break. */
function theirs(chunks: readonly Buffer[]): Word[] {
  const { Receiver } = createRequire(import.meta.url)('ws') as {
    Receiver: new (options: object) => Writable
  }
  const words: Word[] = []
  const receiver = new Receiver({ isServer: true, maxPayload: maxMessageBytes, maxFragments: 0 })
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    words.push(`${isBinary ? 'binary' : 'text'} ${data.toString('base64')}`),
  )
  receiver.on('ping', (payload: Buffer) => words.push(`ping ${payload.toString('base64')}`))
  receiver.on('conclude', (code: number, reason: Buffer) => words.push(`close ${code} ${reason}`))
  let hasFailed = false
  const written = (error?: Error | null) => {
    if (!error) return
    hasFailed = true
    const status = Object.getOwnPropertySymbols(error).find(
      ({ description }) => description === 'status-code',
    )
    if (status) words.push(`violation ${(error as unknown as Record<symbol, number>)[status]}`)
  }
  // Past the stream's own queue, which tells of an error a moment later.
  for (const chunk of chunks) if (!hasFailed) receiver._write(Buffer.from(chunk), 'binary', written)
  return words
}

interface FrameOptions {
  readonly code: number
  readonly isFinal: boolean
  readonly payload: Buffer
  readonly mask: Buffer
}

function clientFrame({ code, isFinal, payload, mask }: FrameOptions): Buffer {
  const { byteLength } = payload
  const first = (isFinal ? 0x80 : 0) | code
  const head =
    byteLength < 126
      ? Buffer.from([first, 0x80 | byteLength])
      : byteLength < 65_536
        ? Buffer.from([first, 0x80 | 126, byteLength >> 8, byteLength & 255])
        : Buffer.concat([Buffer.from([first, 0x80 | 127, 0, 0, 0, 0]), uint32(byteLength)])
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] as number))
  return Buffer.concat([head, mask, masked])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A conversation that is mostly sound, and sometimes not. */
function conversation(random: () => number): Buffer[] {
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
  const mask = () => (random() < 0.1 ? Buffer.alloc(4) : bytes(4))
  const length = () =>
    pick(random, [0, 1, 2, 5, 124, 125, 126, 127, 300, 5_000, 65_535, 65_536, 69_999, 70_001])
  const text = (wanted: number) =>
    Buffer.from('é€😀x'.repeat(wanted)).subarray(0, random() < 0.95 ? -1 : wanted)
  const frames: Buffer[] = []
  const add = (code: number, isFinal: boolean, payload: Buffer) =>
    frames.push(clientFrame({ code, isFinal, payload, mask: mask() }))
  for (let count = 1 + Math.floor(random() * 8); count > 0; count--) {
    const kind = random()
    if (kind < 0.25) add(pick(random, [opcode.ping, opcode.pong]), true, bytes(pick(random, [0, 1, 125])))
    else if (kind < 0.5) add(opcode.text, true, random() < 0.5 ? Buffer.from('{"cake":"ready"}') : text(40))
    else if (kind < 0.75) add(opcode.binary, true, bytes(length()))
    else {
      const code = pick(random, [opcode.text, opcode.binary])
      const parts = 1 + Math.floor(random() * 4)
      for (let part = 0; part <= parts; part++) {
        add(
          part === 0 ? code : opcode.continuation,
          part === parts,
          Buffer.from(pick(random, ['', 'a', 'cake'])),
        )
        if (random() < 0.2) add(opcode.ping, true, bytes(3))
      }
    }
  }
  if (random() < 0.4) {
    const code = pick(random, [999, 1000, 1004, 1005, 1006, 1014, 1015, 2999, 3000, 4999, 5000])
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 255]), random() < 0.5 ? text(9) : bytes(3)])
    add(opcode.close, true, pick(random, [payload, payload.subarray(0, 1), Buffer.alloc(0)]))
    add(opcode.text, true, Buffer.from('"after the end"'))
  }
  if (random() < 0.5) damage(pick(random, frames), random)
  return cut(Buffer.concat(frames), random)
}

/** Changes a bit of a frame's first bytes, where it says what it is. */
function damage(frame: Buffer, random: () => number): void {
  const at = Math.floor(random() * Math.min(frame.byteLength, 4))
  frame[at] = (frame[at] as number) ^ (1 << Math.floor(random() * 8))
}

function cut(bytes: Buffer, random: () => number): Buffer[] {
  const most = pick(random, [1, 3, 14, 1_000, 100_000])
  const chunks: Buffer[] = []
  // Byte by byte only what is short: each piece costs `ws` as much as a large one.
  const size = () => (most < 100 && bytes.byteLength > 20_000 ? 2_000 : 1 + Math.floor(random() * most))
  for (let at = 0; at < bytes.byteLength; ) {
    const end = at + size()
    chunks.push(bytes.subarray(at, end))
    at = end
  }
  return chunks
}

test('frames are read as ws reads them, sound or not, however they are cut', () => {
  const seed = seedOfRun()
  const random = randomOf(seed)
  const kinds = new Map<string, number>()
  for (let round = 0; round < 1_000; round++) {
    const chunks = conversation(random)
    const words = ours(chunks)
    expect(words, `seed ${seed}, round ${round}`).toEqual(theirs(chunks))
    for (const word of words) {
      const kind = word.startsWith('violation') ? word : (word.split(' ')[0] as string)
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    }
  }
  // Each kind of word was said: else the conversations would prove little.
  for (const kind of [
    'text',
    'binary',
    'ping',
    'close',
    ...[1002, 1007, 1009].map((code) => `violation ${code}`),
  ])
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(20)
})

test('a frame that announces sixteen MiB and sends nothing takes no memory for them', () => {
  const readers: FrameReader[] = []
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 50; count++) {
    const reader = new FrameReader(
      { tookMessage: () => {}, tookPing: () => {}, tookClose: () => {} },
      { maxMessageBytes: 2 ** 24 },
    )
    reader.take(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4, 5]))
    readers.push(reader)
  }
  expect(readers.length).toBe(50)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20)
})

test('fragments cost their bytes and hold nothing of what came with them, however many there are', async () => {
  const reader = new FrameReader(
    { tookMessage: () => {}, tookPing: () => {}, tookClose: () => {} },
    { maxMessageBytes: 2 ** 24 },
  )
  const mask = Buffer.alloc(4)
  const fragment = (code: number) =>
    clientFrame({ code, isFinal: false, payload: Buffer.alloc(4 * 1024), mask })
  // Frames that say nothing, in one chunk with each fragment.
  const ping = clientFrame({ code: opcode.ping, isFinal: true, payload: Buffer.alloc(125), mask })
  const rest = Buffer.concat(Array.from({ length: 460 }, () => ping))
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 512; count++) {
    const bytes = Buffer.concat([fragment(count === 0 ? opcode.binary : opcode.continuation), rest])
    // As a socket gives them: not from the shared pool.
    const chunk = Buffer.allocUnsafeSlow(bytes.byteLength)
    bytes.copy(chunk)
    reader.take(chunk)
  }
  // 2 MiB of fragments came in 32 MiB of chunks. What the room has outgrown may be there still.
  const enoughBytes = 16 * 2 ** 20
  let heldBytes = Number.POSITIVE_INFINITY
  // What is collected is given back a little later, by another thread.
  for (let times = 0; times < 100 && heldBytes >= enoughBytes; times++) {
    collect()
    await nextTurn()
    heldBytes = process.memoryUsage().arrayBuffers - before
  }
  expect(heldBytes).toBeLessThan(enoughBytes)
})

test('a message may come in any number of fragments', () => {
  const mask = Buffer.alloc(4)
  const frames = Array.from({ length: 100_000 }, (_, index) =>
    clientFrame({
      code: index === 0 ? opcode.text : opcode.continuation,
      isFinal: index === 99_999,
      payload: Buffer.from(index % 2 === 0 ? 'a' : ''),
      mask,
    }),
  )
  expect(ours([Buffer.concat(frames)])).toEqual([
    `text ${Buffer.from('a'.repeat(50_000)).toString('base64')}`,
  ])
})

test('frames that are cut are told whole, however many other sockets are read between their parts', () => {
  const words: string[] = []
  const readers = ['one', 'two', 'three'].map((text, index) => {
    const frame = clientFrame({
      code: opcode.text,
      isFinal: true,
      payload: Buffer.from(text),
      mask: Buffer.alloc(4, index + 1),
    })
    const tookMessage = (data: Buffer) => words.push(String(data))
    const reader = new FrameReader(
      { tookMessage, tookPing: () => {}, tookClose: () => {} },
      { maxMessageBytes },
    )
    return { frame, reader }
  })
  for (const { frame, reader } of readers) reader.take(frame.subarray(0, 7))
  for (const { frame, reader } of readers) reader.take(frame.subarray(7))
  expect(words).toEqual(['one', 'two', 'three'])
})
