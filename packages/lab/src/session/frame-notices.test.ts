import { expect, test } from 'vitest'
import { FrameNotices } from './frame-notices.js'

test('many changes before a frame are one call, and the next change asks for the next frame', () => {
  const frames: (() => void)[] = []
  const notices = new FrameNotices((callback) => frames.push(callback))
  let calls = 0
  notices.add(() => {
    calls += 1
  })
  notices.changed()
  notices.changed()
  expect([frames.length, calls]).toEqual([1, 0])
  frames.shift()?.()
  expect(calls).toBe(1)
  notices.changed()
  expect(frames).toHaveLength(1)
})

test('who has left is not called, also when it leaves within a frame', () => {
  const frames: (() => void)[] = []
  const notices = new FrameNotices((callback) => frames.push(callback))
  const called: string[] = []
  const leave = notices.add(() => {
    called.push('first')
    leave()
  })
  notices.add(() => called.push('second'))
  notices.changed()
  frames.shift()?.()
  notices.changed()
  frames.shift()?.()
  expect(called).toEqual(['first', 'second', 'second'])
})
