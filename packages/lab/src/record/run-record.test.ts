import type { TraceEvent } from '@tidings/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explain } from '../wire/index.js'
import { chunk, frame, httpHead, lastChunk } from '../wire/sample-suite.js'
import { recordBounds } from './bounds.js'
import { Conversation, cutAnew } from './conversation-suite.js'
import { meanHeads } from './heads.js'
import { RunRecord } from './run-record.js'
import type { Arrow, Lane } from './types.js'

const poll = httpHead('GET /v1/stream/lab?offset=0000000000000007_0000000000000002 HTTP/1.1', { host: 'h' })
const post = `${httpHead('POST /v1/stream/lab HTTP/1.1', { 'content-length': '7' })}{"n":1}`
const streamRequest = httpHead('GET /v1/stream/lab?offset=now&live=sse HTTP/1.1', { host: 'h' })
const upgrade = httpHead('GET /v1/stream/lab?live=websocket HTTP/1.1', { upgrade: 'websocket' })
const upgraded = httpHead('HTTP/1.1 101 Switching Protocols', { upgrade: 'websocket' })
const noContent = httpHead('HTTP/1.1 204 No Content')
const notModified = httpHead('HTTP/1.1 304 Not Modified')
const streamHead = httpHead('HTTP/1.1 200 OK', {
  'content-type': 'text/event-stream',
  'transfer-encoding': 'chunked',
})
const mask = '\x37\xfa\x21\x3d'

function answer(body: string, fields: Readonly<Record<string, string>> = {}): string {
  return httpHead('HTTP/1.1 200 OK', { 'content-length': String(body.length), ...fields }) + body
}

function offset(position: number): string {
  return `0000000000000007_${String(position).padStart(16, '0')}`
}

function event(position: number, data = '{}'): string {
  return `id:${offset(position)}\ndata:${data}\n\n`
}

function recordOf(events: readonly TraceEvent[]): RunRecord {
  const record = new RunRecord()
  record.take(events)
  return record
}

function labelsOf({ arrows }: Lane): string[] {
  return arrows.map(({ label }) => label)
}

function timesOf(arrow: Arrow | undefined) {
  return [arrow?.sentAtMs, arrow?.receivedAtMs, arrow?.isGuessed]
}

describe('polls', () => {
  test('are a request and an answer each, and an answer without a message is empty', () => {
    const talk = new Conversation('short-poll')
      .opened(1)
      .request(1, 10, poll)
      .down(1, 12, answer('[{"n":1},{"n":2}]'))
      .ended(1, 12)
      .request(2, 20, poll, { isReused: true })
      .down(2, 21, answer('[]'))
      .ended(2, 21)
      .request(3, 30, poll)
      .down(3, 31, notModified)
      .ended(3, 31)
      .request(4, 40, poll)
      .down(4, 55, noContent)
      .ended(4, 55)
    const lane = recordOf(talk.events).lane('short-poll')
    expect(lane.arrows.map(({ from, label, isEmpty, messages }) => [from, label, isEmpty, messages])).toEqual(
      [
        ['client', 'GET offset=…2', false, 0],
        ['server', '200 2 messages', false, 2],
        ['client', 'GET offset=…2', false, 0],
        ['server', '200 empty', true, 0],
        ['client', 'GET offset=…2', false, 0],
        ['server', '304', true, 0],
        ['client', 'GET offset=…2', false, 0],
        ['server', '204', true, 0],
      ],
    )
    const up = 4 * poll.length
    const down =
      answer('[{"n":1},{"n":2}]').length + answer('[]').length + notModified.length + noContent.length
    expect(lane.totals).toEqual({
      requests: 4,
      emptyAnswers: 3,
      connections: 1,
      bytesUp: up,
      bytesDown: down,
    })
    expect(lane.exchanges[3]).toMatchObject({
      status: 204,
      form: 'whole',
      requestAtMs: 40,
      answerAtMs: 55,
      endedAtMs: 55,
    })
    expect(lane.exchanges[1]).toMatchObject({ isReused: true, purpose: 'hear' })
  })

  test('leave and arrive when the page says, in the time of the server', () => {
    const talk = new Conversation('long-poll')
    const record = new RunRecord()
    record.useClock({ offsetMs: 1_000, errorMs: 2 })
    record.observe(talk.saw('asked', 1, 9))
    record.take(talk.request(1, 1_012, poll).down(1, 1_050, noContent).events)
    record.observe(talk.saw('answered', 1, 53))
    const [request, response] = record.lane('long-poll').arrows
    expect(timesOf(request)).toEqual([1_009, 1_012, false])
    expect(timesOf(response)).toEqual([1_050, 1_053, false])
  })

  test('are guessed to be half of the quickest round trip away until the page has told', () => {
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 2 })
    record.take(new Conversation('long-poll').request(1, 12, poll).down(1, 50, noContent).events)
    expect(record.lane('long-poll').arrows.map(timesOf)).toEqual([
      [10, 12, true],
      [50, 52, true],
    ])
  })

  test('never arrive before they left: what an estimate makes so is drawn at once, and called a guess', () => {
    const talk = new Conversation('long-poll')
    const record = new RunRecord()
    record.useClock({ offsetMs: 5, errorMs: 5 })
    record.take(talk.request(1, 12, poll).down(1, 50, noContent).events)
    record.observe(talk.saw('asked', 1, 9))
    record.observe(talk.saw('answered', 1, 44))
    expect(record.lane('long-poll').arrows.map(timesOf)).toEqual([
      [12, 12, true],
      [50, 50, true],
    ])
  })

  test('move when the clocks are known better', () => {
    const talk = new Conversation('long-poll')
    const record = new RunRecord()
    record.observe(talk.saw('asked', 1, 9))
    record.take(talk.request(1, 112, poll).events)
    expect(timesOf(record.lane('long-poll').arrows[0])).toEqual([112, 112, true])
    record.useClock({ offsetMs: 100, errorMs: 3 })
    expect(timesOf(record.lane('long-poll').arrows[0])).toEqual([109, 112, false])
    const before = record.version
    record.useClock({ offsetMs: 101, errorMs: 3 })
    expect(timesOf(record.lane('long-poll').arrows[0])).toEqual([110, 112, false])
    expect(record.version).toBeGreaterThan(before)
  })

  test('whose answer is compressed, or told in part, are counted by their offsets', () => {
    const coded = answer('\x0b\x02\x80', { 'content-encoding': 'br', 'stream-next-offset': offset(42) })
    const long = answer('[1', { 'content-length': '20000', 'stream-next-offset': offset(32) })
    const talk = new Conversation('short-poll')
      .request(1, 0, poll)
      .down(1, 1, coded)
      .ended(1, 1)
      .request(2, 2, poll)
      .down(2, 3, long.replace('content-length: 2\r\n', ''), long.length + 19_998)
      .ended(2, 3)
    const lane = recordOf(talk.events).lane('short-poll')
    expect(lane.arrows.map(({ messages }) => messages)).toEqual([0, 40, 0, 30])
  })

  test('that are refused, POSTs, and questions for a head alone have no empty answers', () => {
    const talk = new Conversation('short-poll')
      .request(1, 0, poll)
      .down(1, 1, httpHead('HTTP/1.1 410 Gone', { 'content-length': '0' }))
      .ended(1, 1)
      .request(2, 2, post)
      .down(2, 3, noContent)
      .ended(2, 3)
      .request(3, 4, poll.replace('GET', 'HEAD'))
      .down(3, 5, httpHead('HTTP/1.1 200 OK', { 'content-length': '2' }))
      .ended(3, 5)
    const lane = recordOf(talk.events).lane('short-poll')
    expect(lane.totals).toMatchObject({ requests: 3, emptyAnswers: 0 })
    expect(lane.exchanges.map(({ purpose }) => purpose)).toEqual(['hear', 'speak', 'hear'])
    expect(lane.arrows[5]).toMatchObject({ label: '200', isEmpty: false })
    expect(lane.arrows[2]).toMatchObject({ label: 'POST 7 bytes', messages: 1 })
    expect(lane.arrows[3]).toMatchObject({ label: '204', isEmpty: false })
  })

  test('stand in the order in which the server took and sent them', () => {
    const [first = '', second = ''] = [answer('[1]').slice(0, -1), answer('[1]').slice(-1)]
    const talk = new Conversation('short-poll')
      .request(1, 0, poll)
      .down(1, 5, first)
      .request(2, 6, post)
      .down(2, 7, noContent)
      .down(1, 8, second)
    const arrows = recordOf(talk.events).lane('short-poll').arrows
    expect(arrows.map(({ exchange, from }) => `${from} ${exchange}`)).toEqual([
      'client 1',
      'server 1',
      'client 2',
      'server 2',
    ])
  })

  test('whose connection is lost end with it, and what was begun is shown', () => {
    const talk = new Conversation('long-poll')
      .opened(1)
      .request(1, 0, poll)
      .down(1, 5, 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[')
      .closed(1, 9, 'client')
    const lane = recordOf(talk.events).lane('long-poll')
    expect(lane.exchanges[0]?.endedAtMs).toBe(9)
    expect(lane.connections[0]).toMatchObject({ id: 1, port: 50_001, closedAtMs: 9, closedBy: 'client' })
    expect(lane.arrows[1]).toMatchObject({ kind: 'response', isEmpty: false })
    expect(lane.totals.emptyAnswers).toBe(0)
  })
})

describe('an event stream', () => {
  test('joins the k-th event that brings messages with the k-th that the page heard', () => {
    const talk = new Conversation('sse')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    record.observe(talk.saw('asked', 1, 1))
    record.observe(talk.saw('answered', 1, 4))
    record.observe(talk.saw('heard', 1, 12))
    talk.request(1, 2, streamRequest).down(1, 3, streamHead + chunk('retry:900\n\n'))
    talk
      .down(1, 10, chunk(event(3)))
      .down(1, 15, chunk(':\n\n'))
      .down(1, 20, chunk(event(4)))
    record.take(talk.events)
    record.observe(talk.saw('heard', 1, 23))
    const { arrows, totals } = record.lane('sse')
    expect(arrows.map(({ kind, label, ...arrow }) => [kind, label, ...timesOf(arrow as Arrow)])).toEqual([
      ['request', 'GET offset=now', 1, 2, false],
      ['response', '200 event stream', 3, 4, false],
      ['event', 'retry 900 ms', 3, 4, true],
      ['event', 'event', 10, 12, false],
      ['comment', 'comment', 15, 16, true],
      ['event', 'event', 20, 23, false],
    ])
    expect(arrows.map(({ isEmpty }) => isEmpty)).toEqual([false, false, true, false, true, false])
    expect(totals.emptyAnswers).toBe(0)
  })

  test('has data events with as many messages as their array, and control events with none', () => {
    const control = 'event: control\ndata:{"streamNextOffset":"1","upToDate":true}\n\n'
    const data = `id:${offset(5)}\nevent: data\ndata:[{"n":1},{"n":2}]\n\n`
    const talk = new Conversation('sse')
      .request(1, 0, streamRequest)
      .down(1, 1, streamHead + chunk(data + control))
    const { arrows } = recordOf(talk.events).lane('sse')
    expect(arrows.slice(2).map(({ label, messages, isEmpty }) => [label, messages, isEmpty])).toEqual([
      ['event data', 2, false],
      ['event control', 0, true],
    ])
  })

  test('goes on with its count when the EventSource comes back by itself, under the same number', () => {
    const talk = new Conversation('sse')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    record.observe(talk.saw('asked', 1, 1))
    talk
      .request(1, 2, streamRequest)
      .down(1, 3, streamHead + chunk(event(3)))
      .ended(1, 5)
    talk.request(2, 1_000, streamRequest, { ask: 1 }).down(2, 1_001, streamHead + chunk(event(4)))
    record.take(talk.events)
    for (const [kind, atMs] of [
      ['answered', 4],
      ['heard', 4.5],
      ['answered', 1_002],
      ['heard', 1_003],
    ] as const) {
      record.observe(talk.saw(kind, 1, atMs))
    }
    expect(record.lane('sse').arrows.map(timesOf)).toEqual([
      [1, 2, false],
      [3, 4, false],
      [3, 4.5, false],
      [999, 1_000, true],
      [1_001, 1_002, false],
      [1_001, 1_003, false],
    ])
  })

  test('leaves out what was on its way when the connection was lost, and never heard', () => {
    const talk = new Conversation('sse')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    talk
      .request(1, 2, streamRequest)
      .down(1, 3, streamHead + chunk(event(3)))
      .ended(1, 5)
    talk.request(2, 1_000, streamRequest, { ask: 1 }).down(2, 1_001, streamHead + chunk(event(3)))
    record.take(talk.events)
    record.observe(talk.saw('heard', 1, 1_003))
    const events = record.lane('sse').arrows.filter(({ kind }) => kind === 'event')
    expect(events.map(timesOf)).toEqual([
      [3, 4, true],
      [1_001, 1_003, false],
    ])
  })

  test('counts events that were not told by the offsets of those that were', () => {
    const talk = new Conversation('sse')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    const three = chunk(event(4) + event(5) + event(6))
    const told = three.slice(0, event(4).length + 10)
    talk.request(1, 1, streamRequest).down(1, 2, streamHead + chunk(event(3)))
    talk.down(1, 3, told, three.length).down(1, 10, chunk(event(7)))
    record.take(talk.events)
    for (const atMs of [2.1, 3.1, 3.2, 3.3, 10.1]) record.observe(talk.saw('heard', 1, atMs))
    const events = record.lane('sse').arrows.filter(({ messages }) => messages > 0)
    expect(events.map(timesOf)).toEqual([
      [2, 2.1, false],
      [3, 3.1, false],
      [10, 10.1, false],
    ])
  })

  test('that ends in an answer of 204 has had an empty answer', () => {
    const talk = new Conversation('sse').request(1, 0, streamRequest).down(1, 1, noContent).ended(1, 1)
    expect(recordOf(talk.events).lane('sse').totals.emptyAnswers).toBe(1)
  })
})

describe('a WebSocket', () => {
  test('joins what the page said and heard with the frames that carried it', () => {
    const talk = new Conversation('websocket')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    talk.request(1, 2, upgrade).down(1, 3, upgraded)
    talk.up(1, 10, frame(1, '{"n":1}', { mask })).down(1, 11, frame(1, '{"n":1}') + frame(9, ''))
    talk.up(1, 13, frame(10, '', { mask })).down(1, 20, frame(8, '\x03\xe8'))
    record.take(talk.events)
    for (const [kind, atMs] of [
      ['asked', 1],
      ['answered', 4],
      ['said', 8],
      ['heard', 12],
    ] as const) {
      record.observe(talk.saw(kind, 1, atMs))
    }
    const lane = record.lane('websocket')
    expect(lane.arrows.map((arrow) => [arrow.from, arrow.label, ...timesOf(arrow)])).toEqual([
      ['client', 'GET upgrade', 1, 2, false],
      ['server', '101', 3, 4, false],
      ['client', 'text 7 bytes', 8, 10, false],
      ['server', 'text 7 bytes', 11, 12, false],
      ['server', 'ping', 11, 12, true],
      ['client', 'pong', 12, 13, true],
      ['server', 'close 1000', 20, 21, true],
    ])
    expect(lane.arrows.map(({ isEmpty }) => isEmpty)).toEqual([false, false, false, false, true, true, false])
    expect(lane.exchanges[0]).toMatchObject({ form: 'websocket', status: 101 })
    expect(lane.totals).toMatchObject({ requests: 1, emptyAnswers: 0 })
  })

  test('has a message in fragments counted once, with its last', () => {
    const talk = new Conversation('websocket').request(1, 0, upgrade)
    talk.down(1, 1, upgraded + frame(1, '{"n"', { isFinal: false }) + frame(0, ':1}'))
    const { arrows } = recordOf(talk.events).lane('websocket')
    expect(arrows.slice(2).map(({ messages }) => messages)).toEqual([0, 1])
  })

  test('guesses once frames were not told: nobody knows which of them the page heard', () => {
    const talk = new Conversation('websocket')
    const record = new RunRecord()
    record.useClock({ offsetMs: 0, errorMs: 1 })
    record.take(talk.request(1, 0, upgrade).down(1, 1, upgraded + frame(1, 'a'), upgraded.length + 50).events)
    record.observe(talk.saw('heard', 1, 1.5))
    record.observe(talk.saw('heard', 1, 1.6))
    record.take(new Conversation('websocket').down(1, 5, frame(1, 'b')).events)
    record.observe(talk.saw('heard', 1, 5.5))
    const texts = record.lane('websocket').arrows.filter(({ messages }) => messages === 1)
    expect(texts.map(timesOf)).toEqual([
      [1, 1.5, false],
      [5, 6, true],
    ])
  })
})

describe('a record', () => {
  test('grows in version with each change, of the lane alone that changed', () => {
    const record = new RunRecord()
    const talk = new Conversation('sse')
    record.take(talk.request(1, 0, streamRequest).events)
    const version = record.versionOf('sse')
    record.observe(talk.saw('asked', 1, 0))
    expect(record.versionOf('sse')).toBe(version + 1)
    expect(record.versionOf('websocket')).toBe(0)
    expect(record.version).toBe(version + 1)
  })

  test('holds so much and no more, and its totals stay', () => {
    const record = new RunRecord()
    const talk = new Conversation('short-poll')
    const count = 3_000
    for (let index = 1; index <= count; index += 1) {
      talk.opened(index, index)
      talk
        .request(index, index, poll, { connection: index })
        .down(index, index, notModified)
        .ended(index, index)
      talk.closed(index, index)
    }
    record.take(talk.events)
    const lane = record.lane('short-poll')
    expect(lane.arrows.length).toBeLessThanOrEqual(recordBounds.arrows)
    expect(lane.arrows.length).toBeGreaterThan(recordBounds.arrows - 500)
    expect(lane.arrows.at(-1)?.exchange).toBe(count)
    expect(lane.exchanges.length).toBe(recordBounds.exchanges)
    expect(lane.exchanges[0]?.id).toBe(count - recordBounds.exchanges + 1)
    expect(lane.connections.length).toBe(recordBounds.connections)
    expect(lane.totals).toMatchObject({ requests: count, emptyAnswers: count, connections: count })
  })

  test('keeps a stream that goes on, however many exchanges come after it', () => {
    const talk = new Conversation('sse').request(1, 0, streamRequest).down(1, 0, streamHead)
    for (let id = 2; id < 2_500; id += 1) talk.request(id, id, post).down(id, id, noContent).ended(id, id)
    talk.down(1, 9_999, chunk(event(3)))
    const lane = recordOf(talk.events).lane('sse')
    expect(lane.exchanges[0]?.id).toBe(1)
    expect(lane.arrows.at(-1)).toMatchObject({ exchange: 1, kind: 'event' })
  })

  test('holds fewer arrows when they are large', () => {
    const talk = new Conversation('short-poll')
    const body = answer(`["${'x'.repeat(16_000)}"]`)
    for (let id = 1; id <= 2_000; id += 1) talk.request(id, id, poll).down(id, id, body).ended(id, id)
    const { arrows } = recordOf(talk.events).lane('short-poll')
    const bytes = arrows.reduce((sum, arrow) => sum + arrow.bytes.length, 0)
    expect(bytes).toBeLessThanOrEqual(recordBounds.arrowBytes)
    expect(bytes).toBeGreaterThan(recordBounds.arrowBytes / 2)
  })

  test('counts bytes of an exchange whose beginning it has not seen', () => {
    const record = recordOf(new Conversation('sse').down(7, 0, 'abc', 30).up(7, 0, 'x').ended(7, 1).events)
    expect(record.lane('sse').totals).toMatchObject({ bytesUp: 1, bytesDown: 30 })
    expect(record.lane('sse').arrows).toEqual([])
  })

  test('tells the mean sizes of heads that a prediction needs', () => {
    const withMessages = answer('[{"n":1}]')
    const talk = new Conversation('short-poll')
    talk.request(1, 0, poll).down(1, 1, withMessages).ended(1, 1)
    talk.request(2, 2, poll).down(2, 3, notModified).ended(2, 3)
    talk.request(3, 4, post).down(3, 5, noContent).ended(3, 5)
    expect(meanHeads(recordOf(talk.events).lane('short-poll'))).toEqual({
      requestHeadBytes: poll.length,
      answerHeadBytes: withMessages.length - '[{"n":1}]'.length,
      emptyAnswerBytes: notModified.length,
    })
    expect(meanHeads(new RunRecord().lane('sse')).requestHeadBytes).toBeUndefined()
  })
})

describe('whatever is said', () => {
  const message = fc
    .string({ maxLength: 30 })
    .map((text) => JSON.stringify({ text: text.replace(/[^ -~]/g, '') }))
  const pollTalk = fc.array(fc.array(message, { maxLength: 4 }), { maxLength: 4 }).map((answers) => {
    const talk = new Conversation('short-poll').opened(1)
    answers.forEach((messages, index) => {
      const body = `[${messages.join(',')}]`
      const coded = httpHead('HTTP/1.1 200 OK', { 'transfer-encoding': 'chunked' }) + chunk(body) + lastChunk
      talk.request(index + 1, index, index % 2 === 1 ? poll : post)
      talk.down(index + 1, index, index % 3 === 0 ? answer(body) : coded).ended(index + 1, index)
    })
    return talk
  })
  const block = fc.oneof(
    message.map((text) => event(3, text)),
    fc.constantFrom(
      ':\n\n',
      'retry:1\n\n',
      ': said\r\n\r\n',
      'data:a\rdata:b\r\r',
      'event: data\ndata:[1,2]\n\n',
    ),
  )
  const streamTalk = fc
    .array(fc.array(block, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
    .map((chunks) => {
      const talk = new Conversation('sse').opened(1).request(1, 0, streamRequest)
      talk.down(1, 0, streamHead + chunks.map((blocks) => chunk(blocks.join(''))).join('') + lastChunk)
      return talk.ended(1, 1).closed(1, 1)
    })
  const anyFrame = fc.oneof(
    message.map((text) => [1, text] as const),
    fc.constantFrom([9, ''] as const, [10, 'a'] as const, [2, 'x'.repeat(200)] as const),
  )
  const socketTalk = fc.array(fc.tuple(anyFrame, fc.boolean()), { maxLength: 8 }).map((frames) => {
    const talk = new Conversation('websocket').opened(1).request(1, 0, upgrade).down(1, 0, upgraded)
    for (const [[code, payload], isUp] of frames) {
      if (isUp) talk.up(1, 1, frame(code, payload, { mask }))
      else talk.down(1, 1, frame(code, payload))
    }
    return talk.ended(1, 2).closed(1, 2)
  })
  const talks = fc.oneof(pollTalk, streamTalk, socketTalk)

  test('cut anywhere it makes the same arrows and totals, and every byte is of one arrow and explained', () => {
    fc.assert(
      fc.property(
        talks,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        (talk, sizes) => {
          const whole = recordOf(talk.events).lane(talk.lane)
          const cut = recordOf(cutAnew(talk.events, sizes)).lane(talk.lane)
          expect(cut.totals).toEqual(whole.totals)
          expect(cut.exchanges).toEqual(whole.exchanges)
          expect(cut.arrows).toEqual(whole.arrows)
          const count = (from: string) =>
            whole.arrows
              .filter((arrow) => arrow.from === from)
              .reduce((sum, arrow) => sum + arrow.byteLength, 0)
          expect(count('client')).toBe(whole.totals.bytesUp)
          expect(count('server')).toBe(whole.totals.bytesDown)
          for (const arrow of whole.arrows) {
            expect(labelsOf(whole)).not.toContain('unreadable')
            const parts = explain(arrow)
            expect(parts.map(({ bytes }) => bytes).join('')).toBe(arrow.bytes)
            expect(parts.map(({ name }) => name)).not.toContain('unreadable')
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('what the page saw may come before the trace, after it, or between', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), fc.integer({ min: 1, max: 12 }), (coins, count) => {
        const talk = new Conversation('sse').request(1, 0, streamRequest).down(1, 0, streamHead)
        const seen = [talk.saw('asked', 1, 0), talk.saw('answered', 1, 1)]
        for (let n = 1; n <= count; n += 1) {
          talk.down(1, n * 10, chunk(event(n)))
          seen.push(talk.saw('heard', 1, n * 10 + 2))
        }
        const record = new RunRecord()
        record.useClock({ offsetMs: 0, errorMs: 1 })
        const traced = [...talk.events]
        while (traced.length > 0 || seen.length > 0) {
          const isTrace = seen.length === 0 || (traced.length > 0 && (coins.next().value as boolean))
          if (isTrace) record.take(traced.splice(0, 1))
          else record.observe(seen.shift()!)
        }
        const events = record.lane('sse').arrows.filter(({ kind }) => kind === 'event')
        expect(events.map(timesOf)).toEqual(
          events.map((_, index) => [index * 10 + 10, index * 10 + 12, false]),
        )
        expect(events).toHaveLength(count)
      }),
    )
  })

  test('with bytes that were not told, nothing throws and every byte is counted', () => {
    const losses = fc.array(fc.oneof(fc.constant(0), fc.nat(60)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(talks, losses, (talk, cuts) => {
        const events = talk.events.map((traced, index) => {
          if (traced.kind !== 'down' && traced.kind !== 'up') return traced
          const told =
            traced.bytes.length - Math.min(traced.bytes.length, cuts[index % cuts.length] as number)
          return { ...traced, bytes: traced.bytes.slice(0, told) }
        })
        const lane = recordOf(events).lane(talk.lane)
        expect(lane.totals.bytesDown).toBe(recordOf(talk.events).lane(talk.lane).totals.bytesDown)
        const down = lane.arrows.filter(({ from }) => from === 'server')
        expect(down.reduce((sum, arrow) => sum + arrow.byteLength, 0)).toBe(lane.totals.bytesDown)
        for (const arrow of lane.arrows) {
          const parts = explain(arrow)
          expect(parts.map(({ bytes }) => bytes).join('')).toBe(arrow.bytes)
          if (arrow.byteLength > arrow.bytes.length) expect(parts.at(-1)?.meaning).toContain('cut')
        }
      }),
      { numRuns: 500 },
    )
  })
})
