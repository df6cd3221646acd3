import { describe, expect, it } from 'vitest'
import type { Envelope } from '../links/link.js'
import { partAfter, Ring } from './ring.js'

const at = (position: number, history = 7) =>
  `${String(history).padStart(16, '0')}_${String(position).padStart(16, '0')}`
const data = (messages: unknown[], end: number): Envelope => ({
  type: 'data',
  channel: 'cake',
  messages,
  nextOffset: at(end),
})

describe('the ring of a feed', () => {
  it('gives what comes after an offset, also one that lies within an envelope', () => {
    const ring = new Ring(at(5))
    const [first, second] = [ring.push(data([1, 2], 7), 10), ring.push(data([3], 8), 10)]
    expect([ring.from, ring.place]).toEqual([at(5), at(8)])
    expect(ring.after(at(5))).toEqual([first, second])
    expect(ring.after(at(6))).toEqual([first, second])
    expect(ring.after(at(7))).toEqual([second])
    expect(ring.after(at(8))).toEqual([])
  })

  it('keeps 256 Ki characters at most, and says where what it has begins', () => {
    const ring = new Ring(at(0))
    for (let end = 1; end <= 10; end++) ring.push(data([end], end), 64 * 1024)
    expect(ring.from).toBe(at(6))
    expect(ring.after(at(0)).map(({ at }) => at)).toEqual([at(6), at(7), at(8), at(9)])
    expect(ring.place).toBe(at(10))
  })

  it('keeps nothing of an envelope that is longer than all of it', () => {
    const ring = new Ring(at(0))
    ring.push(data([1], 1), 10)
    ring.push(data([2], 2), 300 * 1024)
    expect([ring.from, ring.place]).toEqual([at(2), at(2)])
    expect(ring.after(at(0))).toEqual([])
  })
})

describe('what of an envelope comes after an offset', () => {
  const entry = { at: at(5), envelope: data(['a', 'b', 'c'], 8), length: 10 }

  it('is all of it from where it begins, its last messages from within, and none at its end or beyond', () => {
    expect(partAfter(entry, at(5))).toBe(entry.envelope)
    expect(partAfter(entry, at(6))).toMatchObject({ messages: ['b', 'c'], offsets: [at(7), at(8)] })
    expect(partAfter(entry, at(8))?.messages).toEqual([])
    expect(partAfter(entry, at(9))?.messages).toEqual([])
  })

  it('is not known when something may be missing before it, or where no message ends', () => {
    expect(partAfter(entry, at(4))).toBeUndefined()
    expect(partAfter(entry, at(9, 6))).toBeUndefined()
    expect(partAfter(entry, 'now')).toBeUndefined()
    expect(partAfter(entry, { last: 3 })).toBeUndefined()
    const texts = { ...entry, envelope: data(['ab', 'cd'], 9) }
    expect(partAfter(texts, at(6))).toBeUndefined()
    expect(partAfter(texts, at(7))?.messages).toEqual(['cd'])
  })

  it('is its end or its trouble for who is just there, and not known elsewhere', () => {
    for (const type of ['closed', 'deleted', 'error']) {
      const end = { at: at(5), envelope: { type, channel: 'cake', nextOffset: at(5) }, length: 1 }
      expect(partAfter(end, at(5))).toBe(end.envelope)
      expect(partAfter(end, at(6))).toBeUndefined()
      expect(partAfter(end, at(4))).toBeUndefined()
    }
  })
})
