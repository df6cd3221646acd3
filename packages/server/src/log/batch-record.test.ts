import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Batch, packBatches } from './batch.js'
import { decodeBatch, encodeBatch } from './batch-record.js'

const anyBatch = fc
  .record({
    kind: fc.constantFrom('json' as const, 'text' as const, 'binary' as const),
    history: fc.maxSafeNat(),
    start: fc.nat(2 ** 40),
    committedAtMs: fc.maxSafeNat(),
    messages: fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 20 }),
  })
  .map(({ messages, ...at }) => packBatches(messages, at)[0] as Batch)

test('a batch comes back from its record as it was', () => {
  fc.assert(
    fc.property(anyBatch, (batch) => {
      expect(decodeBatch(encodeBatch(batch))).toEqual(batch)
    }),
  )
})

test('a record in which any one bit was changed is refused', () => {
  fc.assert(
    fc.property(anyBatch, fc.nat(), fc.nat(7), (batch, place, bit) => {
      const record = encodeBatch(batch)
      const at = place % record.byteLength
      record[at] = (record[at] as number) ^ (1 << bit)
      expectDamaged(record)
    }),
  )
})

test('a record that was cut short is refused, wherever', () => {
  const [batch] = packBatches([Buffer.from('"one"'), Buffer.from('"two"')], {
    kind: 'json',
    history: 1,
    start: 0,
    committedAtMs: 0,
  })
  const record = encodeBatch(batch as Batch)
  for (let length = 0; length < record.byteLength; length++) expectDamaged(record.subarray(0, length))
})

function expectDamaged(record: Uint8Array): void {
  expect(() => decodeBatch(record)).toThrow(
    expect.objectContaining({ name: 'Problem', code: 'storage-damaged' }),
  )
}
