import { expect, test } from 'vitest'
import { isTransientStatus, problemFromAnswer, problemFromEnvelope } from './problem-error.js'

const problemJson = { 'content-type': 'application/problem+json' }

test('problem details give code, sentence and status; headers give the facts', () => {
  const headers = new Headers({
    ...problemJson,
    'stream-earliest-offset': 'e',
    'stream-next-offset': 'n',
    'stream-closed': 'true',
  })
  const body = JSON.stringify({ code: 'offset-gone', title: 'Dropped', detail: 'Read from e.', status: 410 })
  expect(problemFromAnswer(410, headers, body)).toMatchObject({
    code: 'offset-gone',
    message: 'Read from e.',
    status: 410,
    isTransient: false,
    facts: { earliestOffset: 'e', nextOffset: 'n', closed: true },
  })
})

test('facts that stand in the body count too, and what has the wrong type does not', () => {
  const body = JSON.stringify({ code: 'producer-gap', detail: 'Gap.', expectedSeq: 3, receivedSeq: '5' })
  expect(problemFromAnswer(409, new Headers(problemJson), body).facts).toEqual({ expectedSeq: 3 })
})

test('the epoch of a producer is a fact of a 403 alone', () => {
  const headers = new Headers({ 'producer-epoch': '7' })
  expect(problemFromAnswer(403, headers, '{"code":"producer-stale"}').facts.currentEpoch).toBe(7)
  expect(problemFromAnswer(409, headers, '{"code":"producer-gap"}').facts.currentEpoch).toBeUndefined()
})

test('an answer to HEAD has no body: a 404 of ours is an unknown channel, a 410 a deleted one', () => {
  expect(problemFromAnswer(404, new Headers(problemJson), '').code).toBe('channel-unknown')
  expect(problemFromAnswer(410, new Headers(problemJson), '').code).toBe('channel-deleted')
  expect(problemFromAnswer(410, new Headers(), '').code).toBe('answer-unexpected')
})

test.each(['', '<html>', '[]', 'null', '"x"', '{"code":7}'])('a body that tells nothing: %j', (body) => {
  expect(problemFromAnswer(404, new Headers(), body)).toMatchObject({
    code: 'answer-unexpected',
    status: 404,
  })
})

test('Retry-After may be seconds or a date', () => {
  const seconds = (text: string) =>
    problemFromAnswer(503, new Headers({ 'retry-after': text }), '').facts.retryAfterSeconds
  expect(seconds('120')).toBe(120)
  expect(seconds('Wed, 21 Oct 2015 07:28:00 GMT')).toBe(0)
  expect(seconds('soon')).toBeUndefined()
})

test('trouble that may pass is told from trouble that stays', () => {
  const transient = [400, 401, 403, 404, 408, 409, 410, 413, 421, 426, 429, 500, 501, 502, 503, 504].filter(
    isTransientStatus,
  )
  expect(transient).toEqual([408, 429, 500, 502, 503, 504])
})

test('a code of a newer server keeps its status in HTTP, and is permanent in an envelope', () => {
  expect(problemFromAnswer(503, new Headers(problemJson), '{"code":"moon-full"}')).toMatchObject({
    code: 'moon-full',
    isTransient: true,
  })
  expect(problemFromEnvelope({ type: 'error', code: 'moon-full', detail: 'Wait.' })).toMatchObject({
    code: 'moon-full',
    message: 'Wait.',
    isTransient: false,
  })
})

test('the status of an envelope says what HTTP would: whether it may pass', () => {
  const problem = (status: unknown) => problemFromEnvelope({ type: 'error', code: 'moon-full', status })
  expect(problem(503)).toMatchObject({ status: 503, isTransient: true })
  expect(problem(409)).toMatchObject({ status: 409, isTransient: false })
  expect(problem('503')).toMatchObject({ status: undefined, isTransient: false })
})
