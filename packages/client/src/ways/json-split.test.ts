import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitJsonArray, splitJsonObject } from './json-split.js'

describe('an array', () => {
  test.each([
    ['[]', []],
    [' [ ] ', []],
    ['[1]', ['1']],
    ['[9007199254740993,{"b":1,"a":1.0}]', ['9007199254740993', '{"b":1,"a":1.0}']],
    ['[\n"a" ,\t[1, 2]\r\n]', ['"a"', '[1, 2]']],
    ['["]","\\"","\\\\","\\\\\\"]"]', ['"]"', '"\\""', '"\\\\"', '"\\\\\\"]"']],
    ['[{"a":"}"},[["]"]]]', ['{"a":"}"}', '[["]"]]']],
    ['[true,null,-1e5]', ['true', 'null', '-1e5']],
  ])('%s', (text, elements) => {
    expect(splitJsonArray(text)).toEqual(elements)
  })

  test.each(['', '1', '{}', '[', '[1', '[1,', '[1,]', '[,1]', '["a]', '[{]', '[1]x', '[1 2]', '[1:2]'])(
    'that is none: %j',
    (text) => {
      expect(() => splitJsonArray(text)).toThrow(SyntaxError)
    },
  )

  test('any values, with any white space between them, are cut where they were joined', () => {
    const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
    const element = fc.tuple(space, fc.json(), space)
    fc.assert(
      fc.property(fc.array(element), (elements) => {
        const text = `[${elements.map((parts) => parts.join('')).join(',')}]`
        expect(splitJsonArray(text)).toEqual(elements.map(([, value]) => value))
      }),
    )
  })
})

describe('an object', () => {
  test('is cut into its members', () => {
    const text = '{"type":"data" , "messages":[9007199254740993, "}"],"n\\u0061me":{"a":1}}'
    expect([...splitJsonObject(text)]).toEqual([
      ['type', '"data"'],
      ['messages', '[9007199254740993, "}"]'],
      ['name', '{"a":1}'],
    ])
    expect(splitJsonObject(' { } ').size).toBe(0)
  })

  test('keeps the last of two members of one name, as JSON.parse does', () => {
    expect([...splitJsonObject('{"a":1,"a":2}')]).toEqual([['a', '2']])
  })

  test.each(['', '[]', '{', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{"a":1}{'])(
    'that is none: %j',
    (text) => {
      expect(() => splitJsonObject(text)).toThrow(SyntaxError)
    },
  )
})
