import { expect, test } from 'vitest'
import { type PredictionInput, predict } from '../../figures/index.js'
import { ExpectedBook } from './expected-book.js'

const input: PredictionInput = {
  messagesPerSecond: 2,
  burst: 1,
  messageBytes: 100,
  pollIntervalMs: 100,
  holdSeconds: 20,
  isKeptAlive: true,
  requestHeadBytes: 400,
  answerHeadBytes: 200,
  emptyAnswerBytes: 150,
  roundTripMs: 0,
}
const heads = { requestHeadBytes: 400, answerHeadBytes: 200, emptyAnswerBytes: 150 }

test('what is expected grows with the time that the lane has heard', () => {
  const book = new ExpectedBook()
  book.advance('short-poll', predict('short-poll', input), 2, 10)
  book.advance('short-poll', predict('short-poll', input), 2, 20)
  const { requests, emptyAnswers, messages } = book.totals('short-poll', heads)
  expect(requests).toBeCloseTo(200)
  expect(emptyAnswers).toBeCloseTo(160)
  expect(messages).toBeCloseTo(40)
})

test('a workload that changes in the middle changes what is expected from then on alone', () => {
  const book = new ExpectedBook()
  const slower = { ...input, pollIntervalMs: 1_000 }
  book.advance('short-poll', predict('short-poll', input), 2, 10)
  book.advance('short-poll', predict('short-poll', slower), 2, 20)
  expect(book.totals('short-poll', heads).requests).toBeCloseTo(110)
})

test('a stream’s opening is expected once, with its heads', () => {
  const book = new ExpectedBook()
  book.advance('sse', predict('sse', input), 2, 10)
  expect(book.totals('sse', heads)).toMatchObject({ requests: 1, connections: 1, bytesUp: 400 })
  expect(book.totals('short-poll', heads)).toMatchObject({ requests: 0, connections: 1, bytesUp: 0 })
})

test('a lane that stands still expects nothing more', () => {
  const book = new ExpectedBook()
  book.advance('short-poll', predict('short-poll', input), 2, 10)
  const before = book.totals('short-poll', heads)
  book.advance('short-poll', predict('short-poll', input), 2, 10)
  expect(book.totals('short-poll', heads)).toEqual(before)
})
