import { parseOffset } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Batch, maxBatchWireBytes, packBatches, positionsOf } from './batch.js'

const kinds = ['json', 'text', 'binary'] as const
const history = 7
const at = { history, committedAtMs: 1 }

const message = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
  fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => bytes.map((byte) => byte % 32)),
  fc.integer({ min: 1, max: 3 * maxBatchWireBytes }).map((length) => new Uint8Array(length).fill(0x61)),
)
const packed = fc.record({
  kind: fc.constantFrom(...kinds),
  start: fc.nat(1000),
  messages: fc.array(message, { minLength: 1, maxLength: 30 }),
})

/** What a message takes in an envelope. */
function wireBytes(kind: (typeof kinds)[number], bytes: Uint8Array): number {
  if (kind === 'json') return bytes.byteLength
  if (kind === 'binary') return Buffer.from(bytes).toString('base64').length + 2
  return JSON.stringify(Buffer.from(bytes).toString('latin1')).length
}

test('no message is lost, moved or joined, and positions go on from batch to batch', () => {
  fc.assert(
    fc.property(packed, ({ kind, start, messages }) => {
      const batches = packBatches(messages, { ...at, kind, start })
      let position = start
      for (const batch of batches) {
        expect(batch).toMatchObject({ kind, history, committedAtMs: 1, start: position })
        position = batch.end
      }
      expect(position).toBe(start + positionsOf(kind, messages))
      expect(messagesOf(batches)).toEqual(messages.map(hex))
    }),
  )
})

test('a batch of several messages stays below what clients take, and is not cut earlier', () => {
  fc.assert(
    fc.property(packed, ({ kind, start, messages }) => {
      const batches = packBatches(messages, { ...at, kind, start })
      const sizes = batches.map((batch) =>
        Array.from({ length: batch.messageCount }, (_, index) => wireBytes(kind, batch.message(index)) + 1),
      )
      sizes.forEach((batch, index) => {
        const bytes = sum(batch)
        if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(maxBatchWireBytes)
        const next = sizes[index + 1]?.[0]
        // Text is estimated from above, by its control characters.
        if (next !== undefined && kind !== 'text') expect(bytes + next).toBeGreaterThan(maxBatchWireBytes)
      })
    }),
  )
})

test("a JSON batch's payload in brackets is the array of its messages", () => {
  const values = [1, 'a,b', { c: [2] }, null, []]
  const [batch] = packBatches(
    values.map((value) => Buffer.from(JSON.stringify(value))),
    { ...at, kind: 'json', start: 0 },
  )
  expect(JSON.parse(`[${Buffer.from(batch?.payload ?? [])}]`)).toEqual(values)
  expect(batch?.messageBytes).toBe((batch?.payload.byteLength ?? 0) - 4)
})

test('each boundary between messages is a place to go on from, and nothing else is', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.nat(100),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      (kind, start, messages) => {
        const [batch] = packBatches(messages, { ...at, kind, start }) as [Batch]
        const starts = new Map<number, number>()
        let position = start
        messages.forEach((bytes, index) => {
          starts.set(position, index)
          position += kind === 'json' ? 1 : bytes.byteLength
        })
        for (let place = start - 2; place <= batch.end + 2; place++) {
          const index = starts.get(place)
          const rest = batch.from(place)
          if (index === undefined) expect(rest).toBeUndefined()
          else {
            expect(rest).toMatchObject({
              start: place,
              end: batch.end,
              history,
              nextOffset: batch.nextOffset,
            })
            expect(messagesOf([rest as Batch])).toEqual(messages.slice(index).map(hex))
          }
        }
      },
    ),
  )
})

test('the offset after a message is where the next one starts', () => {
  fc.assert(
    fc.property(packed, ({ kind, start, messages }) => {
      for (const batch of packBatches(messages, { ...at, kind, start })) {
        for (let index = 0; index < batch.messageCount; index++) {
          const offset = parseOffset(batch.offsetAfter(index))
          const position = offset?.at === 'offset' ? offset.position : -1
          const rest = batch.from(position)
          if (index === batch.messageCount - 1) expect(batch.offsetAfter(index)).toBe(batch.nextOffset)
          else expect(hex(rest?.message(0) ?? new Uint8Array())).toBe(hex(batch.message(index + 1)))
        }
      }
    }),
  )
})

test('parts of a batch are the batch, each small enough with more to carry for every message', () => {
  fc.assert(
    fc.property(
      packed,
      fc.constantFrom(0, 36, 5_000, maxBatchWireBytes),
      ({ kind, start, messages }, extra) => {
        for (const batch of packBatches(messages, { ...at, kind, start })) {
          const parts = batch.partsWith(extra)
          expect(messagesOf(parts)).toEqual(messagesOf([batch]))
          expect(parts.at(-1)?.nextOffset).toBe(batch.nextOffset)
          let position = batch.start
          for (const part of parts) {
            expect(part.start).toBe(position)
            position = part.end
            const sizes = Array.from({ length: part.messageCount }, (_, index) =>
              wireBytes(kind, part.message(index)),
            )
            if (sizes.length > 1)
              expect(sum(sizes) + sizes.length * extra).toBeLessThanOrEqual(maxBatchWireBytes)
          }
          if (extra === 0) expect(parts).toEqual([batch])
        }
      },
    ),
  )
})

function messagesOf(batches: readonly Batch[]): string[] {
  return batches.flatMap((batch) =>
    Array.from({ length: batch.messageCount }, (_, index) => hex(batch.message(index))),
  )
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
