import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ResponseReader } from './direction-reader.js'
import { explain } from './explain.js'
import { unreadableLabel } from './labels.js'
import { chunk, frame, httpHead, lastChunk } from './sample-suite.js'
import type { Carried, ChunkMark } from './types.js'

function arrow(
  kind: Carried['kind'],
  from: Carried['from'],
  bytes: string,
  more: Partial<Carried> = {},
): Carried {
  return {
    kind,
    from,
    label: '',
    byteLength: bytes.length,
    bytes,
    ...more,
  }
}

function partsOf(of: Carried) {
  const parts = explain(of)
  expect(parts.map(({ bytes }) => bytes).join('')).toBe(of.bytes)
  return parts
}

describe('a request', () => {
  const head = httpHead('GET /v1/stream/lab?offset=now&live=sse&lab=sse.1 HTTP/1.1', {
    Host: 'localhost:4437',
    'Last-Event-ID': '0000000000000007_0000000000000002',
    'Sec-Fetch-Site': 'same-origin',
    'X-Unheard-Of': 'yes',
    'If-None-Match': '"7:2:2:t"',
  })

  test('is its line, each of its headers with the section that it comes from, and the empty line', () => {
    const parts = partsOf(arrow('request', 'client', head))
    expect(parts.map(({ name, source }) => [name, source])).toEqual([
      ['request line', 'RFC 9112 §3'],
      ['header', 'RFC 9110 §7.2'],
      ['header', 'HTML, Server-sent events §9.2.4'],
      ['header', 'W3C Fetch Metadata §2.3'],
      ['header', 'RFC 9110 §5'],
      ['header', 'RFC 9110 §13.1.2'],
      ['end of the head', 'RFC 9112 §2.1'],
    ])
    expect(parts[0]?.meaning).toContain('from offset now; an event stream that stays open')
    expect(parts[2]?.meaning).toContain('0000000000000007_0000000000000002')
  })

  test('has a body that is told in words', () => {
    const bytes = `${httpHead('POST / HTTP/1.1', { 'content-type': 'application/json' })}{"text":"caf\xc3\xa9"}`
    const body = partsOf(arrow('request', 'client', bytes)).at(-1)
    expect(body).toMatchObject({ name: 'body', meaning: '1 message in 16 bytes: {"text":"café"}' })
  })
})

describe('an answer', () => {
  test("tells what Durable Streams' headers mean", () => {
    const bytes = httpHead('HTTP/1.1 200 OK', {
      'stream-next-offset': '0000000000000007_0000000000000002',
      'Stream-Up-To-Date': 'true',
      'stream-committed-at': '0',
      'cache-control': 'public, max-age=0, s-maxage=5',
    })
    const parts = partsOf(arrow('response', 'server', bytes))
    expect(parts.map(({ source }) => source)).toEqual([
      'RFC 9112 §4; RFC 9110 §15.3.1',
      'Durable Streams §5.6',
      'Durable Streams §5.6',
      'Tidings, docs/protocol.md',
      'RFC 9111 §5.2',
      'RFC 9112 §2.1',
    ])
    expect(parts[3]?.meaning).toContain('1970-01-01T00:00:00.000Z')
    expect(parts[4]?.meaning).toBe('any cache may keep it; fresh for 0 s; fresh for 5 s in shared caches')
  })

  test('in chunks shows the chunks', () => {
    const bytes = httpHead('HTTP/1.1 200 OK', { 'transfer-encoding': 'chunked' }) + chunk('[1]') + lastChunk
    const names = partsOf(arrow('response', 'server', bytes)).map(({ name }) => name)
    expect(names.slice(-5)).toEqual(['chunk size', 'body', 'chunk end', 'last chunk', 'trailer'])
  })

  test('that is compressed is not shown as text', () => {
    const bytes = `${httpHead('HTTP/1.1 200 OK', { 'content-encoding': 'br' })}\x0b\x02`
    expect(partsOf(arrow('response', 'server', bytes)).at(-1)?.meaning).toBe('2 bytes, compressed by br')
  })

  test('that is told in part says how much is missing', () => {
    const bytes = `${httpHead('HTTP/1.1 200 OK')}[1`
    const last = partsOf(arrow('response', 'server', bytes, { byteLength: bytes.length + 1_000 })).at(-1)
    expect(last?.meaning).toContain('cut: 1,000 more bytes followed')
  })
})

describe('an event', () => {
  test('is its chunk and its fields, each in words', () => {
    const payload = 'id:7\nevent: data\ndata:[1,2]\n\n'
    const bytes = chunk(payload)
    const chunkMarks: ChunkMark[] = [
      { name: 'chunk size', at: 0, length: 4 },
      { name: 'chunk end', at: bytes.length - 2, length: 2 },
    ]
    const parts = partsOf(arrow('event', 'server', bytes, { chunkMarks }))
    expect(parts.map(({ name }) => name)).toEqual([
      'chunk size',
      'event field',
      'event field',
      'event field',
      'end of the event',
      'chunk end',
    ])
    expect(parts[0]?.meaning).toBe('a chunk of 29 bytes follows (1d in hexadecimal)')
    expect(parts[3]).toMatchObject({
      meaning: '2 messages: [1,2]',
      source: 'HTML, Server-sent events §9.2.6; Durable Streams §5.8',
    })
  })

  test('that two chunks share has its line in two parts', () => {
    const reader = new ResponseReader()
    const head = httpHead('HTTP/1.1 200 OK', {
      'content-type': 'text/event-stream',
      'transfer-encoding': 'chunked',
    })
    const [, unit] = reader.take({ bytes: head + chunk('data:a') + chunk('b\n\n'), missing: 0, atMs: 0 })
    const { bytes, chunkMarks } = unit!.stretch
    const parts = partsOf(arrow('event', 'server', bytes, { chunkMarks }))
    expect(parts.filter(({ name }) => name === 'event field').map((each) => each.bytes)).toEqual([
      'data:a',
      'b\n',
    ])
    expect(
      parts.filter(({ name }) => name === 'event field').every(({ meaning }) => meaning === '1 message: ab'),
    ).toBe(true)
  })

  test('may be a comment', () => {
    expect(partsOf(arrow('comment', 'server', ':\n\n'))[0]).toMatchObject({ name: 'comment' })
  })
})

describe('a frame', () => {
  test('is its bits, its mask and its payload, unmasked', () => {
    const parts = partsOf(arrow('frame', 'client', frame(1, 'Hello', { mask: '\x37\xfa\x21\x3d' })))
    expect(parts).toMatchObject([
      {
        name: 'frame header',
        meaning: 'FIN 1, opcode 1 (text), masked, 5 bytes follow',
        source: 'RFC 6455 §5.2',
      },
      { name: 'mask', source: 'RFC 6455 §5.3' },
      { name: 'payload', meaning: 'unmasked: Hello' },
    ])
    expect(parts[1]?.meaning).toContain('37 fa 21 3d')
  })

  test('may have a longer length', () => {
    const parts = partsOf(arrow('frame', 'server', frame(1, 'x'.repeat(300))))
    expect(parts[1]).toMatchObject({ name: 'length', meaning: '300 bytes of payload, in 16 bits' })
  })

  test('of a close tells its code and its reason', () => {
    const parts = partsOf(arrow('frame', 'server', frame(8, '\x03\xe9bye')))
    expect(parts.slice(1)).toMatchObject([
      { name: 'close code', meaning: '1001: the server stops, or the page is left' },
      { name: 'close reason', meaning: 'the reason: bye' },
    ])
  })

  test('that can not be read is one part, called so', () => {
    expect(partsOf(arrow('frame', 'server', '\x83\x01a'))).toMatchObject([{ name: 'unreadable' }])
    const lost = arrow('frame', 'server', frame(1, 'a'), { label: unreadableLabel })
    expect(partsOf(lost)).toMatchObject([{ name: 'unreadable' }])
  })
})

test('whatever the bytes, all of them are explained', () => {
  const kinds = fc.constantFrom<Carried['kind']>('request', 'response', 'event', 'comment', 'frame')
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((each) => String.fromCharCode(...each)),
    fc
      .array(
        fc.constantFrom(
          'GET / HTTP/1.1\r\n',
          'HTTP/1.1 200 OK\r\n',
          'a: b\r\n',
          'transfer-encoding: chunked\r\n',
          '\r\n',
          '3\r\n',
          'abc',
          '0\r\n',
          ':',
          'data:',
          '\n',
          'constructor: x\r\n',
        ),
        { maxLength: 12 },
      )
      .map((each) => each.join('')),
  )
  fc.assert(
    fc.property(
      kinds,
      fc.constantFrom<Carried['from']>('client', 'server'),
      bytes,
      fc.nat(9),
      (kind, from, sent, cut) => {
        partsOf(arrow(kind, from, sent, { byteLength: sent.length + cut }))
      },
    ),
    { numRuns: 2_000 },
  )
})
