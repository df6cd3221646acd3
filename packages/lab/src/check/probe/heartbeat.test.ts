import { expect, test } from 'vitest'
import { heartbeatOf } from './heartbeat.js'

test('a welcome says how often the server’s heart beats', () => {
  expect(heartbeatOf('{"type":"welcome","heartbeatMs":15000}')).toBe(15_000)
})

test.each([
  '{"type":"pong"}',
  '{"type":"welcome"}',
  '{"type":"welcome","heartbeatMs":"soon"}',
  '7',
  'null',
  'tea',
])('another frame does not: %s', (frame) => {
  expect(heartbeatOf(frame)).toBeUndefined()
})
