import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countMessages, messagesBetween, placeOf } from './message-count.js'

describe('the messages of a body', () => {
  test('are the elements of an array, whatever stands in them', () => {
    expect(countMessages('[{"a":[1,2],"b":"],["},"x,\\"y",[[],[]],3]')).toBe(4)
  })

  test('are none in an empty array, and in an empty body', () => {
    expect(countMessages(' [ ] ')).toBe(0)
    expect(countMessages('')).toBe(0)
  })

  test('are one where there is no array', () => {
    expect(countMessages('{"a":[1,2]}')).toBe(1)
  })

  test('are those that have begun where the text breaks off', () => {
    expect(countMessages('[1,{"a":"brea')).toBe(2)
    expect(countMessages('[1,')).toBe(1)
  })

  test('are as many as JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1), (messages, indent) => {
        expect(countMessages(JSON.stringify(messages, null, indent))).toBe(messages.length)
      }),
    )
  })
})

test('two offsets of one history tell how many messages lie between', () => {
  const before = placeOf('0000000000000007_0000000000000002')
  expect(messagesBetween(before, placeOf('0000000000000007_0000000000000005'))).toBe(3)
  expect(messagesBetween(before, placeOf('0000000000000008_0000000000000005'))).toBeUndefined()
  expect(messagesBetween(before, placeOf('now'))).toBeUndefined()
  expect(messagesBetween(before, placeOf('0000000000000007_0000000000000001'))).toBeUndefined()
})
