import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventStreamParser, EventTooLong, type StreamEvent } from './event-stream.js'

function parse(...chunks: string[]): StreamEvent[] {
  const parser = new EventStreamParser()
  return chunks.flatMap((chunk) => parser.push(chunk))
}

const message = (data: string, id?: string) => ({ type: 'message', data, id })

describe("the standard's own examples", () => {
  test('three events, the data of one in two lines', () => {
    expect(parse('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([message('YHOO\n+2\n10')])
  })

  test('comments, ids, an id without a value, and a space that is kept', () => {
    const stream =
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'
    expect(parse(stream)).toEqual([
      message('first event', '1'),
      message('second event', ''),
      message(' third event'),
    ])
  })

  test('empty data is an event, data without a blank line after it is none', () => {
    expect(parse('data\n\ndata\ndata\n\ndata:')).toEqual([message(''), message('\n')])
  })

  test('the space after a colon is optional', () => {
    expect(parse('data:test\n\ndata: test\n\n')).toEqual([message('test'), message('test')])
  })
})

test('a type holds for one event', () => {
  expect(parse('event: add\ndata: 1\n\ndata: 2\n\n').map(({ type }) => type)).toEqual(['add', 'message'])
})

test('a block without data is no event, and its type is forgotten', () => {
  expect(parse('event: add\n\ndata: 1\n\n')).toEqual([message('1')])
})

test('unknown fields, and an id with a null in it, are passed over', () => {
  expect(parse('color: red\nid: a\0b\ndata: 1\n\n')).toEqual([message('1')])
})

test('retry is taken when it is digits alone', () => {
  const parser = new EventStreamParser()
  parser.push('retry: 1000\n\n')
  expect(parser.retryMs).toBe(1000)
  parser.push('retry: -1\n\nretry: 1.5\n\nretry: soon\n\nretry\n\n')
  expect(parser.retryMs).toBe(1000)
})

test('one byte order mark at the very beginning is taken away', () => {
  expect(parse('\uFEFFdata: 1\n\n')).toEqual([message('1')])
  expect(parse('\uFEFF\uFEFFdata: 1\n\n')).toEqual([])
  expect(parse('', '\uFEFF', 'data: \uFEFF\n\n')).toEqual([message('\uFEFF')])
})

test.each(['\n', '\r', '\r\n'])('lines may end in %j', (ending) => {
  expect(parse(['data: 1', 'data: 2', '', 'data: 3', '', ''].join(ending))).toEqual([
    message('1\n2'),
    message('3'),
  ])
})

test('a cut between CR and LF ends one line, not two, and holds nothing back', () => {
  const parser = new EventStreamParser()
  expect(parser.push('data: 1\r')).toEqual([])
  expect(parser.push('\ndata: 2\r\n\r')).toEqual([message('1\n2')])
  expect(parser.push('\ndata: 3\r\r')).toEqual([message('3')])
})

test('a stream that is cut anywhere gives the same events', () => {
  const line = fc.oneof(
    fc.constantFrom('', ':', 'data', 'data: ', 'id: 7', 'event: control', 'retry: 9', 'data:[1]', 'dat'),
    fc.stringMatching(/^(data|event|id|:)(: ?)?[a-z :\u00fc]{0,6}$/),
  )
  const ending = fc.constantFrom('\n', '\r', '\r\n')
  const stream = fc
    .array(fc.tuple(line, ending))
    .map((lines) => lines.map((parts) => parts.join('')).join(''))
  fc.assert(
    fc.property(stream, fc.array(fc.nat(200)), (text, cuts) => {
      const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
      const chunks = at.slice(1).map((end, index) => text.slice(at[index], end))
      expect(parse(...chunks)).toEqual(parse(text))
    }),
  )
})

test('an event that does not end is given up beyond the bound; comments and whole events do not count', () => {
  const parser = new EventStreamParser(20)
  for (let round = 0; round < 10; round++) {
    parser.push(': heartbeat\n')
    expect(parser.push('data: 123456\n\n')).toHaveLength(1)
  }
  parser.push('data: 12345')
  parser.push('6789')
  expect(() => parser.push('0123456789')).toThrow(EventTooLong)
})
