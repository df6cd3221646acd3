import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxJsonDepth } from './json-scan.js'
import { jsonElements, jsonMembers, jsonValue, KnownTexts } from './json-values.js'

const all = Number.POSITIVE_INFINITY

/** JSON text with white space, escapes and numbers in forms that `JSON.stringify` does not write. */
const whiteSpace = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 })
const numberText = fc.oneof(
  fc.constantFrom('0', '-0', '1.0', '1e5', '1E+5', '-1.50e-10', '9007199254740993', '1e999'),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
)
const stringText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0041"', '"\\/"', '"\\ud800"', '"\\"]}["', '"\\\\"', '"ä🎂"', '""'),
)
const { value: valueText } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    numberText,
    stringText,
    fc.constantFrom('true', 'false', 'null'),
    tie('array'),
    tie('object'),
  ),
  array: fc
    .tuple(whiteSpace, fc.array(fc.tuple(whiteSpace, tie('value'), whiteSpace), { maxLength: 4 }))
    .map(([empty, items]) => `[${empty}${items.map((item) => item.join('')).join(',')}]`),
  object: fc
    .array(fc.tuple(whiteSpace, stringText, whiteSpace, tie('value'), whiteSpace), { maxLength: 4 })
    .map(
      (items) => `{${items.map(([a, name, b, value, c]) => `${a}${name}${b}:${b}${value}${c}`).join(',')}}`,
    ),
}))

test("an array's elements are those of JSON.parse, each as it was sent", () => {
  fc.assert(
    fc.property(fc.array(valueText, { maxLength: 8 }), whiteSpace, (values, space) => {
      const text = `${space}[${values.map((value) => `${space}${value}${space}`).join(',') || space}]${space}`
      expect(textsOf(jsonElements(Buffer.from(text), all))).toEqual(values)
      const parsed = JSON.parse(text) as unknown[]
      expect(textsOf(jsonElements(Buffer.from(text), all))?.map((value) => JSON.parse(value))).toEqual(parsed)
    }),
  )
})

test('a value is taken exactly when JSON.parse takes it, whatever is changed in it', () => {
  const mutation = fc.record({
    at: fc.nat(),
    remove: fc.nat(2),
    insert: fc.string({
      unit: fc.constantFrom(...'[]{}",:\\ 01-+.eEtfnu\u0000\u000b\u00a0\ufeff'),
      maxLength: 2,
    }),
  })
  fc.assert(
    fc.property(valueText, fc.array(mutation, { maxLength: 3 }), (valid, mutations) => {
      let text = valid
      for (const { at, remove, insert } of mutations) {
        const place = at % (text.length + 1)
        text = text.slice(0, place) + insert + text.slice(place + remove)
      }
      const bytes = Buffer.from(text)
      // What is no UTF-8 has been refused before.
      fc.pre(bytes.toString() === text)
      expect([text, jsonValue(bytes) !== undefined]).toEqual([text, isJson(text)])
    }),
    { numRuns: 2_000 },
  )
})

test('members are those of JSON.parse: the last of a name, escaped or not, among any others', () => {
  const name = fc.constantFrom('type', 'channel', '__proto__', 'other')
  const written = name.chain((text) =>
    fc.constantFrom(
      JSON.stringify(text),
      `"\\u${text.charCodeAt(0).toString(16).padStart(4, '0')}${text.slice(1)}"`,
    ),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(written, valueText), { maxLength: 6 }), (items) => {
      const text = `{${items.map(([key, value]) => `${key} : ${value}`).join(' ,')}}`
      const members = membersOf(text, ['type', 'channel', '__proto__'])
      const parsed = JSON.parse(text) as object
      for (const key of ['type', 'channel', '__proto__']) {
        const member = members?.get(key)
        expect(member !== undefined).toBe(Object.hasOwn(parsed, key))
        if (member) {
          expect(JSON.parse(member)).toEqual(Object.getOwnPropertyDescriptor(parsed, key)?.value)
        }
      }
      expect(members?.has('other')).toBe(false)
    }),
  )
})

test.each([
  '',
  ' ',
  '[',
  ']',
  '[,]',
  '[1,]',
  '[1 2]',
  '[1]x',
  '{}',
  '"["',
  '1',
  '[01]',
  "['a']",
  '[\u00a01]',
  '[NaN]',
])('%j is no array', (text) => expect(jsonElements(Buffer.from(text), all)).toBeUndefined())

test.each(['{', '{}}', '{"a"}', '{"a":}', '{"a":1,}', '{a:1}', '{1:1}', '[]', '{"a":1}x', '{"a"=1}'])(
  '%j is no object',
  (text) => expect(membersOf(text, ['a'])).toBeUndefined(),
)

test('nesting is taken to its limit and refused past it, whatever its length', () => {
  const nested = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`)
  expect(jsonValue(nested(maxJsonDepth))).toBeDefined()
  expect(jsonValue(nested(maxJsonDepth + 1))).toBeUndefined()
  expect(jsonValue(nested(5_000_000))).toBeUndefined()
  expect(jsonValue(Buffer.from('['.repeat(5_000_000)))).toBeUndefined()
  expect(jsonElements(Buffer.from(`[${'{"a":'.repeat(2_000)}`), all)).toBeUndefined()
})

test('past the number that the caller takes, the rest is not looked at', () => {
  expect(textsOf(jsonElements(Buffer.from('[1,2,3,4, nonsense'), 2))).toEqual(['1', '2', '3'])
  expect(textsOf(jsonElements(Buffer.from('[1,2]'), 2))).toEqual(['1', '2'])
})

test('a name that none knows is passed over, and so is one that is too long to be looked at', () => {
  const long = JSON.stringify('a'.repeat(1_000)).replace('a', '\\u0061')
  expect(membersOf(`{"b":1,"ab":2,"\\u0062":3,${long}:4}`, ['a', 'c'])).toEqual(new Map())
})

function membersOf(text: string, names: readonly string[]): Map<string, string> | undefined {
  const bytes = Buffer.from(text)
  const members = new Map<string, string>()
  const isObject = jsonMembers(bytes, new KnownTexts(names), (name, start, end) =>
    members.set(name, bytes.toString('utf8', start, end)),
  )
  return isObject ? members : undefined
}

function textsOf(values: readonly Uint8Array[] | undefined): string[] | undefined {
  return values?.map((value) => Buffer.from(value).toString())
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
