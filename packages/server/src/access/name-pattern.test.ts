import { expect, test } from 'vitest'
import { matcherOf } from './name-pattern.js'

test.each([
  ['orders/*', ['orders/1', 'orders/é 2', 'orders/*'], ['orders', 'orders/1/2', 'order/1', 'x/orders/1']],
  ['orders/**', ['orders/1', 'orders/1/2/3'], ['orders', 'orders2/1', 'x/orders/1']],
  ['*', ['orders', 'x'], ['orders/1']],
  ['**', ['orders', 'orders/1/2'], []],
  ['rooms/room-*', ['rooms/room-1', 'rooms/room-'], ['rooms/room', 'rooms/room-1/x', 'rooms/aroom-1']],
  ['*.log', ['a.log', '.log'], ['a.log2', 'a/b.log']],
  ['ab*ba', ['abba', 'ab-ba'], ['aba', 'ab']],
  ['users/*/inbox', ['users/7/inbox'], ['users/inbox', 'users/7/8/inbox', 'users/7/outbox']],
  ['users/*/inbox/**', ['users/7/inbox/1', 'users/7/inbox/1/2'], ['users/7/inbox']],
  ['exactly/this', ['exactly/this'], ['exactly/this/one', 'exactly', 'Exactly/this']],
  // No star means anything else: what is special elsewhere is a letter here.
  ['a.b/*', ['a.b/1'], ['axb/1']],
])('%s', (pattern, matching, others) => {
  const matches = matcherOf([pattern])
  expect([...matching, ...others].filter(matches)).toEqual(matching)
})

test('one of several patterns is enough, and without any nothing matches', () => {
  const names = ['orders/1', 'rooms/1', 'other']
  expect(names.filter(matcherOf(['orders/*', 'rooms/*']))).toEqual(['orders/1', 'rooms/1'])
  expect(names.filter(matcherOf([]))).toEqual([])
})
