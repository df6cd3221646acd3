import { expect, test } from 'vitest'
import { Spoken } from './spoken.js'

test('a round trip ends when the lane that it was said in hears the message, once', () => {
  const spoken = new Spoken(() => 0.5)
  const message = spoken.make('sse', 'a word', 1_000)
  expect(spoken.roundTripMs('websocket', message, 1_002)).toBeUndefined()
  expect(spoken.roundTripMs('sse', message, 1_005)).toBe(5)
  expect(spoken.roundTripMs('sse', message, 1_006)).toBeUndefined()
})

test("another page's message ends none", () => {
  const [ours, theirs] = [new Spoken(() => 0.1), new Spoken(() => 0.2)]
  ours.make('sse', 'a word', 1_000)
  expect(ours.roundTripMs('sse', theirs.make('sse', 'a word', 1_000), 1_005)).toBeUndefined()
})

test('a message that did not go up ends none', () => {
  const spoken = new Spoken(() => 0.5)
  const message = spoken.make('sse', 'a word', 1_000)
  spoken.forget(message)
  expect(spoken.roundTripMs('sse', message, 1_005)).toBeUndefined()
})

test('of those under way it remembers two hundred', () => {
  const spoken = new Spoken(() => 0.5)
  const [first, second] = [spoken.make('sse', 'a', 0), spoken.make('sse', 'b', 0)]
  for (let count = 0; count < 199; count++) spoken.make('sse', 'c', 0)
  expect(spoken.roundTripMs('sse', first, 5)).toBeUndefined()
  expect(spoken.roundTripMs('sse', second, 5)).toBe(5)
})
