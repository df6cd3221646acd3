import { pick } from '../support/random.js'
import type { KnownChannel } from './world.js'

/** One character for each byte. */
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

/** Valid JSON that a server could trip over: how a value is written is part of it. */
const oddJson = [
  '9007199254740993',
  '1.0',
  '-0',
  '1e2',
  '{"a":1,"a":2}',
  ' { "spaced" : [ 1 , 2 ] } ',
  '[ "two" ,\n "lines" ]',
  '"\\u00e9\\ud83c\\udf70"',
  '"\\ud800"',
  '"\u2028"',
  '{"__proto__":{"x":1}}',
  '[[1,2],[3,4]]',
  '[[[1,2,3]]]',
  '[[]]',
  'null',
  'false',
  '""',
  '{"type":"cake","key":"1","value":{},"headers":{"operation":"insert"}}',
]
const brokenJson = [
  '{',
  '[1,',
  "{'a':1}",
  '1 2',
  '[1,]',
  'nul',
  '\ufeff1',
  'NaN',
  ' ',
  '01',
  '"\u0001"',
  '[] []',
]
const oddText = [
  '\n',
  ' leads with a space',
  'ends\n',
  'data: no event\n\n',
  'a\r\nb',
  'a\rb',
  '🍰🍰',
  '\ufeffmark',
  '\0',
  'event: control\n',
]
const brokenUtf8 = ['\xff', 'cut \xc3', '\xed\xa0\x80']

/** Bodies for appends; each has a number of its own. */
export class Bodies {
  readonly #random: () => number
  #count = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** What the channel takes. */
  good(kind: KnownChannel['kind']): string {
    const random = this.#random
    const number = this.#count++
    if (kind === 'json') {
      if (random() < 0.15) return utf8(pick(random, oddJson))
      const values = Array.from(
        { length: 1 + Math.floor(random() * 4) },
        (_, index) => `{"n":"${number}.${index}"}`,
      )
      return utf8(values.length === 1 && random() < 0.5 ? (values[0] as string) : `[${values.join(',')}]`)
    }
    if (kind === 'text') return utf8(random() < 0.2 ? pick(random, oddText) : `ö${number} zwölf `)
    return Buffer.from(Array.from({ length: 1 + random() * 20 }, () => random() * 256)).toString('latin1')
  }

  /** What the channel should not take. */
  bad(kind: KnownChannel['kind']): string {
    const random = this.#random
    if (kind === 'json')
      return pick(random, [...brokenJson.map(utf8), '[]', ' [ ] ', '', '"\xff"', '{"a":"\xc3"}'])
    return kind === 'text' ? pick(random, [...brokenUtf8, '', '']) : ''
  }

  /** More than one answer holds beside others. */
  large(kind: KnownChannel['kind']): string {
    const text = 'x'.repeat(1_100_000)
    return kind === 'json' ? `"${text}"` : text
  }
}
