import fc from 'fast-check'
import { expect, test } from 'vitest'
import { channelNameFault, checkChannelName, encodeChannelName } from './channel-name.js'

const maxBytes = 1024

function codeOf(name: string, most = maxBytes): string | undefined {
  try {
    checkChannelName(name, most)
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}

test.each([
  'cake',
  'orders/2024/1',
  '...',
  'a b',
  'käse',
  '🎂',
  '-1',
  '__ds2',
  'a/__ds',
  '_',
  '%2F',
  '?#&=',
  '\\',
])('%s is a name', (name) => expect(codeOf(name)).toBeUndefined())

test.each([
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  'a/.',
  './a',
  'a/../b',
  '\0',
  'a\n',
  '\x7f',
  '\x9f',
  '\ud83c',
  '\udf82a',
  'a\ud83cb',
])('%j is none', (name) => expect(codeOf(name)).toBe('channel-name-invalid'))

test.each(['__ds', '__ds/', '__ds/x', '__ds/../x', `__ds/${'x'.repeat(9_999)}`])(
  "%s is the protocol's own",
  (name) => expect(codeOf(name)).toBe('not-implemented'),
)

test('who checks a name without a problem is told the same sentence, and nothing of a name', () => {
  const parts = fc.constantFrom('a', '/', '.', '__ds', '\0', '\ud83c', 'ä')
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 8 }), (some) => {
      const name = some.join('')
      let refusal: string | undefined
      try {
        checkChannelName(name, 9)
      } catch (error) {
        refusal = (error as Error).message
      }
      expect(channelNameFault(name, 9)).toBe(refusal)
    }),
  )
  expect(channelNameFault('a//b', 9)).toMatch(/^A channel's name .*slash.*\.$/)
})

test('the length of a name is counted in UTF-8', () => {
  for (const [character, bytes] of [
    ['x', 1],
    ['ä', 2],
    ['€', 3],
    ['🎂', 4],
  ] as const) {
    const longest = character.repeat(12 / bytes)
    expect(codeOf(longest, 12)).toBeUndefined()
    expect(codeOf(longest, 11)).toBe('channel-name-invalid')
  }
})

test('a name is the same after a way through a URL, and no name needs more than it has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), (name) => {
      fc.pre(codeOf(name) === undefined)
      const encoded = encodeChannelName(name)
      const { pathname } = new URL(`http://localhost/v1/stream/${encoded}`)
      expect(decodeURIComponent(pathname.slice('/v1/stream/'.length))).toBe(name)
      expect(encoded).toMatch(/^[!-~]+$/)
    }),
  )
})

test('what is a name is well-formed and within its length, whatever was tried', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '/', '.', '_', '\0', '\ud83c', '\udf82', 'ä'), maxLength: 12 }),
      (name) => {
        const isName = codeOf(name) === undefined
        const segments = name.split('/')
        const isWellFormed = Buffer.from(name).toString() === name
        expect(isName).toBe(
          isWellFormed &&
            !name.includes('\0') &&
            segments[0] !== '__ds' &&
            segments.every((segment) => !['', '.', '..'].includes(segment)),
        )
      },
    ),
    { numRuns: 1_000 },
  )
})
