import { expect, test } from 'vitest'
import { isProblemCode, Problem, type ProblemCode, problems } from './problem.js'

test.each(Object.entries(problems))(
  '%s has a status, a close code and a title that say something',
  (code, problem) => {
    expect(problem.status).toBeGreaterThanOrEqual(400)
    expect(problem.status).toBeLessThan(600)
    // A browser may not choose these, and ws refuses those that are reserved. @see RFC 6455 §7.4.1
    expect([1001, 1002, 1003, 1007, 1008, 1009, 1011, 1013]).toContain(problem.close)
    expect(problem.title.length).toBeGreaterThan(0)
    // It is a close frame's reason.
    expect(Buffer.byteLength(code)).toBeLessThanOrEqual(123)
    expect(code).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
    expect(new Problem(code as ProblemCode, 'why').status).toBe(problem.status)
  },
)

test('only codes of the table are codes', () => {
  expect(isProblemCode('channel-unknown')).toBe(true)
  for (const text of ['', 'toString', '__proto__', 404, null, undefined])
    expect(isProblemCode(text)).toBe(false)
})
