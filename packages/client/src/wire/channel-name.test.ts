import { channelNameFault } from '@tidings/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkChannelName } from './channel-name.js'

function isName(name: string): boolean {
  try {
    checkChannelName(name)
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'channel-name-invalid' })
    return false
  }
}

const parts = fc.constantFrom(
  'a',
  '/',
  '.',
  '__ds',
  '\0',
  '\n',
  '\x7f',
  '\x9f',
  '\xa0',
  '\ud83c',
  '\udf82',
  'ä',
  '🎂',
)

test('what is a name here is one for the server, and the other way round', () => {
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), (some) => {
      const name = some.join('')
      expect(isName(name)).toBe(channelNameFault(name, 1024) === undefined)
    }),
  )
})

test('the length of a name is counted in UTF-8', () => {
  expect(isName('🎂'.repeat(256))).toBe(true)
  expect(isName(`${'🎂'.repeat(256)}a`)).toBe(false)
})
