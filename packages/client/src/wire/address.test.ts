import { expect, test } from 'vitest'
import { channelUrl, readUrl, socketUrl } from './address.js'

test('a name is encoded segment by segment, and a path before /v1 is kept', () => {
  const url = (server: string, channel: string) => channelUrl({ server, channel }).href
  expect(url('http://127.0.0.1:4437', 'cake')).toBe('http://127.0.0.1:4437/v1/stream/cake')
  expect(url('https://example.org/tidings/', 'orders/große Torte?')).toBe(
    'https://example.org/tidings/v1/stream/orders/gro%C3%9Fe%20Torte%3F',
  )
})

test.each(['', '../secrets', 'a/../b', '/a', 'a//b', 'a\nb', '\ud800'])(
  'the name %j is refused: it would name another channel, or none',
  (channel) => {
    expect(() => channelUrl({ server: 'http://localhost', channel })).toThrow(
      expect.objectContaining({ code: 'channel-name-invalid' }),
    )
  },
)

test.each(['', 'localhost:4437', 'ftp://localhost', '/v1', 'http://'])('%j is no server', (server) => {
  expect(() => channelUrl({ server, channel: 'cake' })).toThrow(
    expect.objectContaining({ code: 'address-invalid' }),
  )
})

test('a read says what is known, encoded', () => {
  const url = readUrl({ server: 'http://localhost', channel: 'cake' }, { offset: 'a&b', cursor: undefined })
  expect(url.search).toBe('?offset=a%26b')
})

test('a socket stands beside, as secure as the server', () => {
  expect(socketUrl('http://localhost:4437').href).toBe('ws://localhost:4437/v1/socket')
  expect(socketUrl('https://example.org/tidings').href).toBe('wss://example.org/tidings/v1/socket')
})
