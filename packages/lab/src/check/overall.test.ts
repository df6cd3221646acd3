import { expect, test } from 'vitest'
import type { Finding, Verdict } from './check.js'
import { type CheckId, checkIds } from './check-id.js'
import { overallOf } from './overall.js'

function finding(verdict: Verdict, advice?: string): Finding {
  return { verdict, evidence: 'It was seen.', facts: {}, ...(advice !== undefined && { advice }) }
}

/** All works but what is named. */
function overall(others: Partial<Record<CheckId, Finding>>) {
  return overallOf(new Map(checkIds.map((id) => [id, others[id] ?? finding('works')])))
}

test('when nothing is wrong, all four ways work, and there is nothing to change', () => {
  expect(overall({})).toEqual({ verdict: 'works', sentence: 'All four ways work here.', changes: [] })
})

test('that a browser opens few connections is no trouble of a way, but something to know', () => {
  expect(overall({ connections: finding('works-with-trouble', 'One stream for many.') })).toEqual({
    verdict: 'works',
    sentence: 'All four ways work here.',
    changes: [{ check: 'connections', advice: 'One stream for many.' }],
  })
})

test.each<[Partial<Record<CheckId, Finding>>, Verdict, string]>([
  [{ websocket: finding('broken') }, 'broken', 'WebSocket does not pass: use SSE.'],
  [{ sse: finding('broken') }, 'broken', 'SSE does not pass: use WebSocket.'],
  [
    { sse: finding('broken'), websocket: finding('broken') },
    'broken',
    'SSE and WebSocket do not pass: use long polling.',
  ],
  [
    { sse: finding('broken'), websocket: finding('broken'), 'long-poll': finding('works-with-trouble') },
    'broken',
    'SSE and WebSocket do not pass: use short polling.',
  ],
  [
    {
      'short-poll': finding('broken'),
      'long-poll': finding('broken'),
      sse: finding('broken'),
      websocket: finding('broken'),
    },
    'broken',
    'Short polling, long polling, SSE and WebSocket do not pass, and nothing else was found to.',
  ],
  [
    { 'long-poll': finding('works-with-trouble') },
    'works-with-trouble',
    'All four ways work here, long polling with trouble.',
  ],
  [
    { 'long-poll': finding('works-with-trouble'), idle: finding('works-with-trouble') },
    'works-with-trouble',
    'All four ways work here, long polling with trouble; idle connections do not last.',
  ],
  [{ sse: finding('skipped') }, 'works', 'Short polling, long polling and WebSocket work here.'],
])('the sentence says what passes and what to use instead: %o', (others, verdict, sentence) => {
  expect(overall(others)).toMatchObject({ verdict, sentence })
})

test('when nothing could be tried it says so', () => {
  const skipped = overallOf(new Map([['sse', finding('skipped', 'Let PUT through.')]]))
  expect(skipped).toEqual({
    verdict: 'skipped',
    sentence: 'Nothing could be found out.',
    changes: [{ check: 'sse', advice: 'Let PUT through.' }],
  })
  expect(overallOf(new Map())).toMatchObject({ verdict: 'skipped' })
})

test('without the ways it speaks of what was tried', () => {
  expect(overallOf(new Map([['idle', finding('works')]]))).toMatchObject({ verdict: 'works' })
  expect(overallOf(new Map([['idle', finding('works-with-trouble')]]))).toMatchObject({
    verdict: 'works-with-trouble',
  })
})

test('what is broken is to be changed first, and the same is said once', () => {
  const { changes } = overall({
    'short-poll': finding('works-with-trouble', 'Keep connections.'),
    websocket: finding('broken', 'Pass the upgrade on.'),
    sse: finding('broken', 'Turn buffering off.'),
    idle: finding('works-with-trouble', 'Keep connections.'),
  })
  expect(changes).toEqual([
    { check: 'sse', advice: 'Turn buffering off.' },
    { check: 'websocket', advice: 'Pass the upgrade on.' },
    { check: 'short-poll', advice: 'Keep connections.' },
  ])
})
