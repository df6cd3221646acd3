import { expect, test } from 'vitest'
import { longestShownBytes, showBytes } from './show-bytes.js'

const bytesOf = (text: string) => String.fromCharCode(...new TextEncoder().encode(text))

test('text is shown as text, with its line ends in sight', () => {
  expect(showBytes('GET / HTTP/1.1\r\n')).toEqual({ text: 'GET / HTTP/1.1␍␊\n', isHex: false, leftOut: 0 })
  expect(showBytes(bytesOf('{"cake":"fertig, süß"}')).text).toBe('{"cake":"fertig, süß"}')
})

test('a frame’s head and masked bytes are shown as hexadecimal pairs', () => {
  expect(showBytes('\x81\xfe\x01\x00')).toEqual({ text: '81 fe 01 00', isHex: true, leftOut: 0 })
  expect(showBytes('\x01'.repeat(17)).text).toBe(`${'01 '.repeat(15)}01\n01`)
})

test('a long part is cut, also within a character, and says how much is left out', () => {
  const long = bytesOf(`${'a'.repeat(longestShownBytes - 1)}üxyz`)
  expect(showBytes(long)).toEqual({ text: 'a'.repeat(longestShownBytes - 1), isHex: false, leftOut: 4 })
})
