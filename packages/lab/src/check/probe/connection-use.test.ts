import { expect, test } from 'vitest'
import { connectionUseOf } from './connection-use.js'

test('a request that has a time of connecting opened a connection', () => {
  const timings = [
    { name: 'http://here/v1/stream/a?offset=1', connectStart: 10, connectEnd: 14 },
    { name: 'http://here/v1/stream/a?offset=2', connectStart: 20, connectEnd: 20 },
    { name: 'http://here/v1/stream/b?offset=1', connectStart: 30, connectEnd: 34 },
  ]
  expect(connectionUseOf(timings, 'http://here/v1/stream/a')).toEqual({ requests: 2, opened: 1 })
})
