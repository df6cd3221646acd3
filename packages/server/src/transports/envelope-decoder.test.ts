import { expect, test } from 'vitest'
import { EnvelopeReader } from './envelope-decoder.js'

const limits = { maxNameBytes: 1_024 }

function read(reader: EnvelopeReader, envelope: string | object) {
  const text = typeof envelope === 'string' ? envelope : JSON.stringify(envelope)
  return reader.request(reader.fields(Buffer.from(text)))
}

test('an envelope says what it says, whatever the ones before it said', () => {
  const reader = new EnvelopeReader(limits)
  const says = [
    { type: 'publish', channel: 'cake' },
    { type: 'publish', channel: 'cake' },
    { type: 'publish', channel: 'cage' },
    { type: 'unsubscribe', channel: 'cage' },
    { type: 'unsubscribe', channel: 'cages' },
    { type: 'publish', channel: 'süß' },
    { type: 'publish', channel: 'n'.repeat(1_024) },
    { type: 'publish', channel: 'cake' },
    { type: 'ping' },
  ]
  for (const envelope of says) expect(read(reader, envelope)).toMatchObject(envelope)
  expect(read(reader, '{"type":"publish","channel":"c\\u0061ke"}')).toMatchObject({ channel: 'cake' })
})

test('what an envelope leaves out is not that of the one before it', () => {
  const reader = new EnvelopeReader(limits)
  read(reader, { type: 'publish', channel: 'cake', id: 1, close: true, messages: [1] })
  expect(read(reader, { type: 'publish', channel: 'cake' })).toEqual({
    type: 'publish',
    channel: 'cake',
    close: false,
  })
  expect(() => read(reader, { type: 'publish' })).toThrow('"channel" is a string')
  expect(() => read(reader, { channel: 'cake' })).toThrow('"type" is one of')
})

test.each(['publish', 'p\\u0075blish', '\\u0070ublish'])('the type may be written as %s', (type) => {
  const reader = new EnvelopeReader(limits)
  expect(read(reader, `{"type":"${type}","channel":"cake"}`)).toMatchObject({ type: 'publish' })
})

test.each(['"publishes"', '"PUBLISH"', '7', 'null', '["publish"]', '{"a":"\\n"}'])(
  'there is no type %s',
  (type) => {
    const reader = new EnvelopeReader(limits)
    expect(() => read(reader, `{"type":${type},"channel":"cake"}`)).toThrow('"type" is one of')
  },
)

test('a name that is not allowed is refused each time', () => {
  const reader = new EnvelopeReader(limits)
  read(reader, { type: 'publish', channel: 'cake' })
  for (let time = 0; time < 2; time++) {
    expect(() => read(reader, { type: 'publish', channel: 'a//b' })).toThrow('no empty segments')
  }
})

test('what is remembered is not changed by what its bytes become', () => {
  const reader = new EnvelopeReader(limits)
  const bytes = Buffer.from('{"type":"publish","channel":"cake"}')
  for (const channel of ['cake', 'cake', 'pies']) {
    bytes.write(`{"type":"publish","channel":"${channel}"}`)
    expect(reader.request(reader.fields(bytes))).toMatchObject({ channel })
  }
})

test.each([
  ['0', 0],
  ['7', 7],
  ['999999999999999', 999_999_999_999_999],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['-3', -3],
  ['1.5', 1.5],
  ['1e3', 1_000],
  ['"7"', '7'],
  ['""', ''],
])('the id %s is %j', (text, id) => {
  const envelope = `{"type":"publish","channel":"cake","id":${text}}`
  expect(read(new EnvelopeReader(limits), envelope)).toMatchObject({ id })
})
