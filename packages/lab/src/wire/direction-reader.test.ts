import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RequestReader, ResponseReader } from './direction-reader.js'
import { plainPayload } from './frame.js'
import { bigEndianBytes, chunk, frame, httpHead, lastChunk } from './sample-suite.js'
import type { WireUnit } from './wire-unit.js'

const eventStream = httpHead('HTTP/1.1 200 OK', {
  'content-type': 'text/event-stream',
  'Transfer-Encoding': 'chunked',
})
const closeDelimitedStream = httpHead('HTTP/1.1 200 OK', { 'content-type': 'text/event-stream' })
const upgraded = httpHead('HTTP/1.1 101 Switching Protocols', { Upgrade: 'websocket' })

function readAnswer(bytes: string, method = 'GET', size = bytes.length): WireUnit[] {
  const reader = new ResponseReader()
  reader.method = method
  const units: WireUnit[] = []
  for (let at = 0; at < bytes.length; at += size) {
    units.push(...reader.take({ bytes: bytes.slice(at, at + size), missing: 0, atMs: at }))
  }
  return units
}

function blocksOf(units: readonly WireUnit[]) {
  return units.flatMap((unit) => (unit.kind === 'block' ? [unit.block] : []))
}

function framesOf(units: readonly WireUnit[]) {
  return units.flatMap((unit) => (unit.kind === 'frame' ? [unit] : []))
}

describe('an answer', () => {
  test('with a content length is whole when so many bytes of body have come', () => {
    const head = httpHead('HTTP/1.1 200 OK', { 'Content-Length': '5' })
    const [unit, ...others] = readAnswer(`${head}[1,2]`, 'GET', 1)
    expect(unit).toMatchObject({ kind: 'response', form: 'whole', isComplete: true })
    expect(unit).toMatchObject({ body: { payload: '[1,2]', byteLength: 5 } })
    expect(others).toEqual([])
    expect(readAnswer(`${head}[1,2`)).toEqual([])
  })

  test('in chunks is whole after its last chunk and trailers, with the payload of all of them', () => {
    const head = httpHead('HTTP/1.1 200 OK', { 'transfer-encoding': 'chunked' })
    const body = `${chunk('[1,')}2;some=extension\r\n2]\r\n0\r\nx-trailer: 1\r\n\r\n`
    const [unit] = readAnswer(head + body, 'GET', 1)
    expect(unit).toMatchObject({ kind: 'response', isComplete: true, body: { payload: '[1,2]' } })
    expect(unit?.stretch.bytes).toBe(head + body)
  })

  test.each([
    ['204', 'GET'],
    ['304', 'GET'],
    ['200', 'HEAD'],
  ])('of status %s to %s has no body, whatever its length says', (status, method) => {
    const head = httpHead(`HTTP/1.1 ${status} Word`, { 'content-length': '50' })
    const [unit] = readAnswer(head, method)
    expect(unit).toMatchObject({ kind: 'response', isComplete: true, body: { byteLength: 0 } })
  })

  test('that goes on until the connection ends is whole then', () => {
    const reader = new ResponseReader()
    const head = httpHead('HTTP/1.0 200 OK')
    expect(reader.take({ bytes: `${head}[1]`, missing: 0, atMs: 0 })).toEqual([])
    expect(reader.end()).toMatchObject([{ kind: 'response', isComplete: true, body: { payload: '[1]' } }])
  })

  test('that breaks off is told as one that is not complete', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: httpHead('HTTP/1.1 200 OK', { 'content-length': '9' }), missing: 0, atMs: 0 })
    expect(reader.end()).toMatchObject([{ kind: 'response', isComplete: false }])
  })

  test('may follow one that is only interim', () => {
    const bytes = httpHead('HTTP/1.1 100 Continue') + httpHead('HTTP/1.1 204 No Content')
    expect(readAnswer(bytes)).toMatchObject([{ form: 'interim' }, { form: 'whole', head: { status: 204 } }])
  })

  test('leaves at the time of its first byte', () => {
    const bytes = httpHead('HTTP/1.1 200 OK', { 'content-length': '2' })
    const reader = new ResponseReader()
    reader.take({ bytes, missing: 0, atMs: 5 })
    expect(reader.take({ bytes: '[]', missing: 0, atMs: 9 })[0]?.stretch.firstAtMs).toBe(5)
  })

  test('stays in step when bytes of its body are not told', () => {
    const reader = new ResponseReader()
    const head = httpHead('HTTP/1.1 200 OK', { 'content-length': '20000' })
    const [unit] = reader.take({ bytes: `${head}[1`, missing: 19_998, atMs: 0 })
    expect(unit).toMatchObject({ isComplete: true, body: { payload: '[1', byteLength: 20_000 } })
    expect(unit?.stretch).toMatchObject({ isCut: true, byteLength: head.length + 20_000 })
  })
})

test('what is kept of a thing goes up to where bytes are missing: behind that it would say what was not said', () => {
  const reader = new ResponseReader()
  const head = httpHead('HTTP/1.1 200 OK', { 'content-length': '6' })
  reader.take({ bytes: `${head}[1`, missing: 2, atMs: 0 })
  const [unit] = reader.take({ bytes: '5]', missing: 0, atMs: 0 })
  expect(unit).toMatchObject({ body: { payload: '[1', byteLength: 6 } })
  expect(unit?.stretch).toMatchObject({ bytes: `${head}[1`, byteLength: head.length + 6 })
})

describe('an event stream', () => {
  const events = 'retry:918\n\nid:7\nevent: data\ndata:[1,\ndata:2]\n\n:\n\n'

  test('is its head, and then its blocks, each as soon as its empty line and its chunk have ended', () => {
    const units = readAnswer(eventStream + chunk(events), 'GET', 1)
    expect(units[0]).toMatchObject({ kind: 'response', form: 'event-stream' })
    expect(blocksOf(units)).toMatchObject([
      { retryMs: 918, data: undefined },
      { type: 'data', id: '7', data: '[1,\n2]' },
      { comments: 1, hasFields: false, data: undefined },
    ])
  })

  test('may hold blocks over several chunks, and several in one', () => {
    const bytes = eventStream + chunk('data:a\n\nda') + chunk('ta:b\n') + chunk('\n') + lastChunk
    const units = readAnswer(bytes)
    expect(blocksOf(units).map(({ data }) => data)).toEqual(['a', 'b'])
    expect(units.at(-1)?.kind).toBe('last chunk')
    expect(units.map(({ stretch }) => stretch.bytes).join('')).toBe(bytes)
  })

  test.each(['\n', '\r\n', '\r'])('has lines that end in %j', (lineEnd) => {
    const text = ['data:a', '', 'data: b', 'data:c', '', ''].join(lineEnd)
    for (const size of [1, 2, 3, 1_000]) {
      for (const bytes of [eventStream + chunk(text) + lastChunk, closeDelimitedStream + text]) {
        const reader = new ResponseReader()
        const units: WireUnit[] = []
        for (let at = 0; at < bytes.length; at += size) {
          units.push(...reader.take({ bytes: bytes.slice(at, at + size), missing: 0, atMs: 0 }))
        }
        units.push(...reader.end())
        expect(blocksOf(units).map(({ data }) => data)).toEqual(['a', 'b\nc'])
        expect(units.map(({ stretch }) => stretch.bytes).join('')).toBe(bytes)
      }
    }
  })

  test('takes an LF that a chunk brings after the CR of the one before for the same line end', () => {
    const units = readAnswer(eventStream + chunk('data:a\r\n\r') + chunk('\ndata:b\r\n\r\n'))
    expect(blocksOf(units).map(({ data }) => data)).toEqual(['a', 'b'])
  })

  test('tells a block at the end of its chunk, whether its last line ends in CR or in CRLF', () => {
    expect(blocksOf(readAnswer(eventStream + chunk('data:a\r\r')))).toHaveLength(1)
  })

  test('has no block between empty lines', () => {
    expect(blocksOf(readAnswer(eventStream + chunk('\n\ndata:a\n\n\n'))).map(({ data }) => data)).toEqual([
      'a',
    ])
  })

  test('passes over a byte order mark', () => {
    expect(blocksOf(readAnswer(eventStream + chunk('\xef\xbb\xbfdata:a\n\n')))[0]?.data).toBe('a')
  })

  test('stays in step when bytes of a chunk are not told', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: eventStream, missing: 0, atMs: 0 })
    const units = [
      ...reader.take({ bytes: `4e20\r\nid:8\ndata:${'x'.repeat(90)}`, missing: 20_000 - 100, atMs: 0 }),
      ...reader.take({ bytes: `\r\n${chunk('data:next\n\n')}`, missing: 0, atMs: 0 }),
    ]
    expect(units).toMatchObject([
      { kind: 'block', isCut: true, isComplete: true, block: { id: '8' } },
      { kind: 'block', isCut: false, block: { data: 'next' } },
    ])
  })

  test('is in step again with the next write when the end of a chunk was not told', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: eventStream, missing: 0, atMs: 0 })
    const units = [
      ...reader.take({ bytes: 'ff\r\nid:8\ndata:x', missing: 5_000, atMs: 0 }),
      ...reader.take({ bytes: chunk('data:next\n\n'), missing: 0, atMs: 0 }),
    ]
    expect(units).toMatchObject([
      { kind: 'block', isCut: true, block: { id: '8' } },
      { kind: 'block', isCut: false, block: { data: 'next' } },
    ])
  })

  test('has its unfinished block told at the end, as one that is no event', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: `${closeDelimitedStream}data:a`, missing: 0, atMs: 0 })
    expect(reader.end()).toMatchObject([{ kind: 'block', isComplete: false }])
  })
})

describe('a WebSocket', () => {
  test.each([0, 5, 125, 126, 65_535, 65_536])('has frames of %i bytes', (length) => {
    const bytes = frame(2, 'x'.repeat(length)) + frame(1, 'next')
    const units = framesOf(readAnswer(upgraded + bytes, 'GET', 1_000))
    expect(units.map(({ header }) => header.payloadLength)).toEqual([length, 4])
  })

  test("has the client's frames masked, and told unmasked", () => {
    const reader = new RequestReader()
    const head = httpHead('GET / HTTP/1.1', { Upgrade: 'websocket' })
    const units = framesOf(
      reader.take({ bytes: head + frame(1, 'Hello', { mask: '\x37\xfa\x21\x3d' }), missing: 0, atMs: 0 }),
    )
    expect(units[0]?.stretch.bytes).toBe('\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58')
    expect(plainPayload(units[0]?.stretch.bytes ?? '', units[0]!.header)).toBe('Hello')
  })

  test('has control frames between the fragments of a message', () => {
    const bytes = frame(1, 'a', { isFinal: false }) + frame(9, '') + frame(0, 'b') + frame(8, '\x03\xe8')
    const units = framesOf(readAnswer(upgraded + bytes, 'GET', 1))
    expect(units.map(({ header }) => [header.opcode, header.isFinal])).toEqual([
      [1, false],
      [9, true],
      [0, true],
      [8, true],
    ])
  })

  test('stays in step when bytes of a frame are not told', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: upgraded, missing: 0, atMs: 0 })
    const long = `\x81\x7f${bigEndianBytes(70_000, 8)}`
    const units = [
      ...reader.take({ bytes: `${long}abc`, missing: 69_000, atMs: 0 }),
      ...reader.take({ bytes: 'd'.repeat(997) + frame(1, 'next'), missing: 0, atMs: 0 }),
    ]
    expect(framesOf(units).map(({ header }) => header.payloadLength)).toEqual([70_000, 4])
  })

  test.each([
    ['a ping in fragments', frame(9, '', { isFinal: false })],
    ['a long ping', frame(9, 'x'.repeat(126))],
    ['more bytes than can be counted', `\x82\x7f${'\xff'.repeat(8)}`],
    ['an opcode of nobody', '\x83\x00'],
  ])('does not have %s', (_name, bytes) => {
    const reader = new ResponseReader()
    reader.take({ bytes: upgraded + bytes, missing: 0, atMs: 0 })
    expect(reader.end()).toMatchObject([{ kind: 'unreadable', stretch: { bytes } }])
  })

  test('is in step again with the next write when more than a frame was not told', () => {
    const reader = new ResponseReader()
    reader.take({ bytes: upgraded, missing: 0, atMs: 0 })
    const units = [
      ...reader.take({ bytes: '\x81\x05abc', missing: 500, atMs: 0 }),
      ...reader.take({ bytes: frame(1, 'next'), missing: 0, atMs: 0 }),
    ]
    expect(units.map(({ kind }) => kind)).toEqual(['frame', 'unreadable', 'frame'])
  })
})

describe('whatever comes', () => {
  const pieces = fc.array(
    fc.record({
      bytes: fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => String.fromCharCode(...bytes)),
        fc.constantFrom(
          eventStream,
          upgraded,
          closeDelimitedStream,
          chunk('data:1\n\n'),
          lastChunk,
          frame(1, 'a'),
        ),
        fc.constantFrom(
          '\r',
          '\n',
          '\r\n',
          '5\r\n',
          'data:',
          httpHead('HTTP/1.1 200 OK', { 'content-length': '3' }),
        ),
      ),
      missing: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(100) }),
      atMs: fc.constant(0),
    }),
    { maxLength: 20 },
  )

  test('nothing throws, and every byte belongs to one thing, in order', () => {
    fc.assert(
      fc.property(pieces, fc.boolean(), (sent, isAnswer) => {
        const reader = isAnswer ? new ResponseReader() : new RequestReader()
        const units = [...sent.flatMap((piece) => reader.take(piece)), ...reader.end()]
        const count = units.reduce((sum, { stretch }) => sum + stretch.byteLength, 0)
        expect(count).toBe(sent.reduce((sum, { bytes, missing }) => sum + bytes.length + missing, 0))
        if (sent.some(({ missing }) => missing > 0)) return
        expect(units.map(({ stretch }) => stretch.bytes).join('')).toBe(
          sent.map(({ bytes }) => bytes).join(''),
        )
      }),
      { numRuns: 2_000 },
    )
  })
})
