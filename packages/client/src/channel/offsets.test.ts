import { describe, expect, it } from 'vitest'
import { offsetsOf } from './offsets.js'

const at = (position: number, history = 7) =>
  `${String(history).padStart(16, '0')}_${String(position).padStart(16, '0')}`
const batch = (messages: unknown[], nextOffset: string, more = {}) => ({
  type: 'data',
  messages,
  nextOffset,
  ...more,
})

describe('the offset after each message of a batch', () => {
  it('is what the server said, where it did', () => {
    expect(offsetsOf(batch(['a', 'b'], at(9), { offsets: [at(8), at(9)] }), 'now')).toEqual([at(8), at(9)])
  })

  it('counts messages where the batch is as many positions long', () => {
    expect(offsetsOf(batch([{ n: 1 }, 'two', null], at(8)), at(5))).toEqual([at(6), at(7), at(8)])
  })

  it('counts the bytes of texts', () => {
    expect(offsetsOf(batch(['ä', 'bcd'], at(10)), at(5))).toEqual([at(7), at(10)])
  })

  it('counts bytes, not the characters of base64', () => {
    expect(offsetsOf(batch([btoa('ab'), btoa('cdef')], at(11), { encoding: 'base64' }), at(5))).toEqual([
      at(7),
      at(11),
    ])
  })

  it("is the batch's own for a single message, wherever the reader started", () => {
    expect(offsetsOf(batch([1], at(3)), 'now')).toEqual([at(3)])
  })

  it('is not guessed: neither from another start, nor across histories, nor when the sizes do not fill the way', () => {
    expect(offsetsOf(batch([1, 2], at(3)), 'now')).toBeUndefined()
    expect(offsetsOf(batch([1, 2], at(3)), { last: 2 })).toBeUndefined()
    expect(offsetsOf(batch([1, 2], at(3, 8)), at(1, 7))).toBeUndefined()
    expect(offsetsOf(batch(['ab', 'cd'], at(10)), at(5))).toBeUndefined()
  })
})
