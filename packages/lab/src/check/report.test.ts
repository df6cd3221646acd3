import { expect, test } from 'vitest'
import type { Check, Finding } from './check.js'
import type { CheckId } from './check-id.js'
import { reportOf, reportText, withoutAddress } from './report.js'

const check = (id: CheckId, title: string): Check => ({
  id,
  title,
  asks: '?',
  run: () => Promise.reject(new Error('is not run')),
})

const checks = [check('sse', 'Server-Sent Events'), check('websocket', 'WebSocket'), check('idle', 'Idle')]

const findings = new Map<CheckId, Finding>([
  [
    'websocket',
    { verdict: 'broken', evidence: 'It hangs.', advice: 'Pass it on.', facts: { tookMs: 5_000 } },
  ],
  ['sse', { verdict: 'works', evidence: 'It came in 4 ms.', facts: { delayMs: 4 } }],
])

const circumstances = {
  checkedAt: new Date('2030-01-31T12:00:00Z'),
  userAgent: 'A Browser/1',
  origin: 'https://news.example',
  httpVersion: 'h2',
}

test('a report has the circumstances, the verdict, and each finding with its numbers, in the order of the checks', () => {
  expect(reportOf(checks, findings, circumstances)).toEqual({
    report: 'tidings-network-check',
    checkedAt: '2030-01-31T12:00:00.000Z',
    page: 'https://news.example',
    httpVersion: 'h2',
    userAgent: 'A Browser/1',
    verdict: 'broken',
    sentence: 'WebSocket does not pass: use SSE.',
    findings: [
      {
        check: 'sse',
        title: 'Server-Sent Events',
        verdict: 'works',
        evidence: 'It came in 4 ms.',
        facts: { delayMs: 4 },
      },
      {
        check: 'websocket',
        title: 'WebSocket',
        verdict: 'broken',
        evidence: 'It hangs.',
        advice: 'Pass it on.',
        facts: { tookMs: 5_000 },
      },
    ],
  })
})

test('as text it can be read in a mail', () => {
  expect(reportText(reportOf(checks, findings, circumstances))).toBe(`Tidings network check
WebSocket does not pass: use SSE.

date     2030-01-31T12:00:00.000Z
page     https://news.example
version  h2
browser  A Browser/1

Server-Sent Events: works
  It came in 4 ms.
  delayMs=4

WebSocket: broken
  It hangs.
  To change: Pass it on.
  tookMs=5000
`)
})

test.each([
  ['https://news.example:8443', 'https://news.example:8443'],
  ['http://localhost:4437', 'http://localhost:4437'],
  ['http://127.0.0.1:4437', 'http://127.0.0.1:4437'],
  ['http://[::1]:4437', 'http://[::1]:4437'],
  ['http://192.168.7.20:4437', 'http://an-address:4437'],
  ['https://[2001:db8::7]', 'https://an-address'],
])('a report names no machine by its address: %s', (origin, said) => {
  expect(withoutAddress(origin)).toBe(said)
})
