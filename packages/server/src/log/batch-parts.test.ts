import type { ChannelKind } from '@tidings/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Batch, packBatches } from './batch.js'

const at = { history: 7, start: 100, committedAtMs: 1_764_000_000_000 }

function batchOf(kind: ChannelKind, ...messages: string[]): Batch {
  return packBatches(
    messages.map((message) => Buffer.from(message)),
    { kind, ...at },
  )[0] as Batch
}

function messagesIn(batch: Batch | undefined): string[] {
  return Array.from({ length: batch?.messageCount ?? 0 }, (_, index) =>
    Buffer.from((batch as Batch).message(index)).toString(),
  )
}

test('a JSON batch is cut between its values, from either side', () => {
  const batch = batchOf('json', '1', '"two"', '[3]')
  expect(messagesIn(batch.until(102))).toEqual(['1', '"two"'])
  expect(Buffer.from(batch.until(102).payload).toString()).toBe('1,"two"')
  expect(batch.until(102)).toMatchObject({
    start: 100,
    end: 102,
    history: 7,
    nextOffset: batch.offsetAfter(1),
  })
  expect(messagesIn(batch.from(101))).toEqual(['"two"', '[3]'])
  expect(messagesIn(batch.until(102).from(101))).toEqual(['"two"'])
  expect(batch.from(103)).toBeUndefined()
})

test('a text batch is cut within a message too, and the part is a message', () => {
  const batch = batchOf('text', 'abc', 'defg')
  expect(messagesIn(batch.until(103))).toEqual(['abc'])
  expect(messagesIn(batch.until(102))).toEqual(['ab'])
  expect(messagesIn(batch.until(105))).toEqual(['abc', 'de'])
  expect(batch.until(105)).toMatchObject({ end: 105, messageCount: 2 })
  expect(batch.until(107)).toBe(batch)
  expect(batch.until(9_999)).toBe(batch)
})

test('nothing can be read from within a message, also of a part', () => {
  const batch = batchOf('binary', 'abc', 'defg')
  for (const position of [101, 102, 104, 106, 107, 99]) expect(batch.from(position)).toBeUndefined()
  const part = batch.until(105)
  expect(messagesIn(part.from(103))).toEqual(['de'])
  for (const position of [101, 104, 105]) expect(part.from(position)).toBeUndefined()
})

test('a batch is never cut to nothing', () => {
  expect(() => batchOf('json', '1').until(100)).toThrow('after its start')
})

test('the last messages are as many as fit, and as many as there must be', () => {
  const batch = batchOf('json', '"a"', '"bb"', '"c"')
  const last = (maxMessages: number, maxBytes: number, atLeast: number) =>
    messagesIn(batch.lastMessages({ maxMessages, maxBytes, atLeast }))
  expect(last(2, 1e6, 0)).toEqual(['"bb"', '"c"'])
  expect(last(9, 7, 0)).toEqual(['"bb"', '"c"'])
  expect(last(9, 6, 0)).toEqual(['"c"'])
  expect(last(9, 2, 1)).toEqual(['"c"'])
  expect(last(9, 2, 0)).toEqual([])
  expect(last(0, 1e6, 1)).toEqual([])
  expect(batch.lastMessages({ maxMessages: 3, maxBytes: 10, atLeast: 0 })).toBe(batch)
})

test('wherever a batch is cut, its two parts are the whole', () => {
  const kinds = fc.constantFrom<ChannelKind>('json', 'text', 'binary')
  const texts = fc.array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 })
  void fc.assert(
    fc.property(kinds, texts, fc.nat(), (kind, messages, pick) => {
      const batch = batchOf(kind, ...messages)
      const position = batch.start + 1 + (pick % (batch.end - batch.start))
      const head = batch.until(position)
      const tail = batch.from(position)
      expect(head.end).toBe(position)
      if (tail) {
        expect([...messagesIn(head), ...messagesIn(tail)]).toEqual(messages)
        expect([head.messageCount, tail.start, tail.end]).toEqual([
          batch.messageCount - tail.messageCount,
          position,
          batch.end,
        ])
      } else {
        expect(messages.join('').startsWith(messagesIn(head).join(''))).toBe(true)
      }
    }),
  )
})
