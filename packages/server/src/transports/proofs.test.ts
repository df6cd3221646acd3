import type { Problem } from '@tidings/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Heartbeat } from '../hub/index.js'
import type { Answer, Exchange, StreamSink } from './exchange.js'
import { Proofs } from './proofs.js'
import type { Station } from './transport.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const id = 'a-proof-of-its-own'

/** Proofs of a server whose time a test owns. */
function proofsInTime() {
  const holds = new Set<() => void>()
  const streams = new Set()
  const heartbeat = new Heartbeat({ intervalMs: 10_000 })
  const proofs = new Proofs({ holds, streams, heartbeat } as unknown as Station)
  return { proofs, holds, streams, heartbeat }
}

/** A request, what it was answered and streamed, and its end. */
function request() {
  let text = ''
  let hasEnded = false
  const answers: Answer[] = []
  const codes: string[] = []
  const goneCallbacks: (() => void)[] = []
  const goAway = () => {
    for (const callback of goneCallbacks.splice(0)) callback()
  }
  const sink: Partial<StreamSink> = {
    push: (bytes) => {
      text += Buffer.from(bytes).toString()
    },
    flush: () => {},
    end: () => {
      hasEnded = true
      goAway()
    },
  }
  const exchange = {
    checkMayBegin: () => {},
    stream: () => sink,
    respond: (answer) => {
      answers.push(answer)
      goAway()
    },
    fail: (error) => {
      codes.push((error as Problem).code)
      goAway()
    },
    onGone: (callback) => goneCallbacks.push(callback),
  } as Partial<Exchange> as Exchange
  return {
    exchange,
    goAway,
    codes,
    get nonce() {
      return /^data:(.*)$/m.exec(text)?.[1]
    },
    get answer() {
      return answers.map(({ body }) => JSON.parse(String(body)))[0]
    },
    get text() {
      return text
    },
    get hasEnded() {
      return hasEnded
    },
  }
}

test('a question waits for its stream for five seconds, and is told that there is none', () => {
  const { proofs, holds } = proofsInTime()
  const question = request()
  proofs.ask(question.exchange, id)
  vi.advanceTimersByTime(4_999)
  expect([question.codes, holds.size]).toEqual([[], 1])
  vi.advanceTimersByTime(1)
  expect([question.codes, holds.size]).toEqual([['proof-unknown'], 0])
})

test('a stream beats, ends after half a minute, and its id is free again', () => {
  const { proofs, heartbeat, streams } = proofsInTime()
  const stream = request()
  proofs.open(stream.exchange, id)
  expect(stream.nonce).toMatch(/^[\w-]{22}$/)
  vi.advanceTimersByTime(29_999)
  expect(stream.text.match(/^:$/gm)).toHaveLength(3)
  expect(stream.hasEnded).toBe(false)
  vi.advanceTimersByTime(1)
  expect(stream.hasEnded).toBe(true)
  expect([heartbeat.size, streams.size]).toEqual([0, 0])
  const question = request()
  proofs.ask(question.exchange, id)
  expect(question.answer).toBeUndefined()
  const again = request()
  proofs.open(again.exchange, id)
  expect(question.answer).toEqual({ nonce: again.nonce })
  expect(again.nonce).not.toBe(stream.nonce)
})

test('the nonce is told only to who asks of this proof, and when it is written', () => {
  const { proofs } = proofsInTime()
  const [early, other, late] = [request(), request(), request()]
  proofs.ask(early.exchange, id)
  proofs.ask(other.exchange, 'a-proof-of-another')
  const stream = request()
  proofs.open(stream.exchange, id)
  proofs.ask(late.exchange, id)
  expect(early.answer).toEqual({ nonce: stream.nonce })
  expect(late.answer).toEqual({ nonce: stream.nonce })
  expect(other.answer).toBeUndefined()
})

test('nothing is left of those who have gone, no timer either', () => {
  const { proofs, holds, streams, heartbeat } = proofsInTime()
  const [stream, question] = [request(), request()]
  proofs.open(stream.exchange, id)
  proofs.ask(question.exchange, 'a-proof-of-another')
  stream.goAway()
  question.goAway()
  heartbeat.stop()
  expect([holds.size, streams.size, heartbeat.size, vi.getTimerCount()]).toEqual([0, 0, 0, 0])
  const again = request()
  proofs.ask(again.exchange, id)
  expect(again.answer).toBeUndefined()
})
