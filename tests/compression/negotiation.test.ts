import fc from 'fast-check'
import { type RunningServer, startServer } from 'tidings'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTestChannel, type TestChannel } from '../support/channel.js'
import { seedOfRun } from '../support/random.js'
import { ask } from '../support/raw-connection.js'
import { askBytes, decoded, publishHistory } from './support.js'

let server: RunningServer
let channel: TestChannel
beforeAll(async () => {
  server = await startServer({ engine: 'memory', port: 0 })
  channel = await createTestChannel(server)
  await publishHistory(channel, 50)
  return () => server.close()
})

const read = (acceptEncoding: string | undefined, more: Record<string, string> = {}) =>
  askBytes(channel.reading({ offset: '-1' }), {
    ...(acceptEncoding !== undefined && { 'accept-encoding': acceptEncoding }),
    ...more,
  })

test.each([
  ['nothing', undefined, undefined],
  ['an empty header', '', undefined],
  ['gzip', 'gzip', 'gzip'],
  ['its older name', 'x-gzip', 'gzip'],
  ['br', 'br', 'br'],
  ['any case', 'GZip', 'gzip'],
  ['what Node sends', 'gzip, deflate', 'gzip'],
  ['what browsers send', 'gzip, deflate, br, zstd', 'br'],
  ['what is not there', 'deflate, zstd, compress', undefined],
  ['weights', 'br;q=0.5, gzip;q=0.8', 'gzip'],
  ['weights with spaces', 'br ; q=0.5 ,\tgzip\t;\tq=0.501', 'gzip'],
  ['a small weight', 'gzip;q=0.001', 'gzip'],
  ['a refusal', 'gzip;q=0', undefined],
  ['a refusal in long', 'gzip;q=0.000, br;q=0.', undefined],
  ['anything', '*', 'br'],
  ['anything but br', '*, br;q=0', 'gzip'],
  ['anything but gzip and br', 'gzip;q=0, br;q=0, *', undefined],
  ['nothing else', '*;q=0', undefined],
  ['nothing else than gzip', 'gzip, *;q=0', 'gzip'],
  ['rather as it is', 'identity, gzip;q=0.9', undefined],
  ['rather as it is than anything', 'identity, *;q=0.5', undefined],
  ['not as it is', 'identity;q=0', undefined],
  ['not as it is, but gzip', 'identity;q=0, gzip;q=0.1', 'gzip'],
  ['equals', 'identity;q=0.5, gzip;q=0.5', 'gzip'],
  ['a weight that is none', 'gzip;q=2', undefined],
  ['a weight that is a word', 'gzip;q=high', undefined],
  ['a parameter that is none', 'gzip;level=9', undefined],
  ['two weights', 'gzip;q=1;q=1', undefined],
  ['a name twice, once refused', 'gzip;q=0, gzip', undefined],
  ['empty places', ', ,gzip,,', 'gzip'],
])('who asks for %s (%s) gets %s', async (_, acceptEncoding, coding) => {
  const answer = await read(acceptEncoding)
  expect(answer.status).toBe(200)
  expect(answer.headers['content-encoding']).toBe(coding)
})

test('two headers are one list', async () => {
  const target = '/v1/stream/cake?offset=-1'
  const headers = { 'accept-encoding': ['deflate', 'gzip'] }
  expect((await ask(server.url, { target, headers })).headers['content-encoding']).toBe('gzip')
})

/** RFC 9110 §12.5.3 read once more, by another hand: whether a coding may be sent. */
function isAllowed(
  coding: string,
  elements: readonly { name: string; weight: string | undefined }[],
): boolean {
  const named = elements.filter(({ name }) => name.toLowerCase() === coding)
  const relevant = named.length > 0 ? named : elements.filter(({ name }) => name === '*')
  return relevant.length > 0 && relevant.every(({ weight }) => weight === undefined || Number(weight) > 0)
}

test('whatever Accept-Encoding says, what comes is a coding that it allows, or as it is', async () => {
  const plain = await read(undefined)
  const name = fc.constantFrom('gzip', 'br', 'identity', '*', 'deflate', 'zstd', 'GZIP', 'Br')
  const weight = fc.option(fc.constantFrom('0', '0.0', '0.001', '0.5', '0.999', '1', '1.000'), {
    nil: undefined,
  })
  const space = fc.constantFrom('', ' ', '\t')
  const element = fc.record({ name, weight, space })
  const seed = seedOfRun()
  await fc.assert(
    fc.asyncProperty(fc.array(element, { maxLength: 6 }), async (elements) => {
      const text = elements
        .map(({ name, weight, space }) => name + (weight === undefined ? '' : `${space};${space}q=${weight}`))
        .join(', ')
      const { headers, bytes } = await read(text)
      const coding = headers['content-encoding']
      if (coding !== undefined) expect(isAllowed(coding, elements), text).toBe(true)
      else if (isAllowed('gzip', elements) || isAllowed('br', elements)) {
        // As it is was asked for before any coding.
        expect(text.toLowerCase()).toMatch(/identity|\*/)
      }
      expect(decoded(coding, bytes).equals(plain.bytes)).toBe(true)
    }),
    { seed, numRuns: 200 },
  )
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme-ascii', maxLength: 60 }), async (text) => {
      const { status, headers, bytes } = await read(text)
      expect(status).toBe(200)
      expect(decoded(headers['content-encoding'], bytes).equals(plain.bytes)).toBe(true)
    }),
    { seed, numRuns: 200 },
  )
})

describe('each coding has a tag of its own', () => {
  const codings = ['identity', 'gzip', 'br'] as const
  const tags = async () =>
    Object.fromEntries(
      await Promise.all(codings.map(async (coding) => [coding, String((await read(coding)).headers.etag)])),
    ) as Record<(typeof codings)[number], string>

  test('and it is a strong one', async () => {
    const all = Object.values(await tags())
    expect(new Set(all).size).toBe(3)
    for (const tag of all) expect(tag).toMatch(/^"[^"]+"$/)
  })

  test.each([
    // What the reader takes, whose tag it has, and whether that is an answer to it.
    ['gzip', 'gzip', true],
    ['gzip', 'identity', true],
    ['gzip', 'br', false],
    ['gzip, br', 'gzip', true],
    ['gzip, br', 'br', true],
    ['gzip, br', 'identity', true],
    ['identity', 'identity', true],
    ['identity', 'gzip', false],
    ['gzip, identity;q=0', 'identity', false],
    ['gzip, identity;q=0', 'gzip', true],
    ['deflate', 'identity', true],
    ['deflate', 'br', false],
    ['*', 'br', true],
  ] as const)('a reader that takes %s and has it in %s: 304 is %s', async (acceptEncoding, has, isKnown) => {
    const tag = (await tags())[has]
    for (const candidates of [tag, `W/${tag}`, `"else", ${tag}`]) {
      const answer = await read(acceptEncoding, { 'if-none-match': candidates })
      expect(answer.status).toBe(isKnown ? 304 : 200)
      expect(answer.headers.vary).toBe('origin, accept-encoding')
      if (!isKnown) continue
      expect(answer.headers.etag).toBe(tag)
      expect(answer.headers['content-encoding']).toBeUndefined()
      expect(answer.bytes.byteLength).toBe(0)
    }
  })

  test('a cache that has all of them is told which one is meant', async () => {
    const all = await tags()
    const has = { 'if-none-match': Object.values(all).join(', ') }
    expect((await read('gzip', has)).headers.etag).toBe(all.gzip)
    expect((await read('gzip, br', has)).headers.etag).toBe(all.br)
    expect((await read('identity', has)).headers.etag).toBe(all.identity)
    expect((await read('gzip', { 'if-none-match': '*' })).status).toBe(304)
  })

  test('and none of them is that of what comes when there is more', async () => {
    const grown = await createTestChannel(server, { channel: 'grown' })
    await publishHistory(grown, 50)
    const gzip = { 'accept-encoding': 'gzip' }
    const first = await askBytes(grown.reading({ offset: '-1' }), gzip)
    await publishHistory(grown, 1)
    const known = { ...gzip, 'if-none-match': String(first.headers.etag) }
    const next = await askBytes(grown.reading({ offset: '-1' }), known)
    expect(next.status).toBe(200)
    expect(next.headers.etag).not.toBe(first.headers.etag)
  })
})

test('a reader at the tail that knows it is answered 304, as small as ever', async () => {
  const tail = String((await read('gzip')).headers['stream-next-offset'])
  const url = channel.reading({ offset: tail })
  const first = await askBytes(url, { 'accept-encoding': 'gzip' })
  const known = { 'accept-encoding': 'gzip', 'if-none-match': String(first.headers.etag) }
  const answer = await askBytes(url, known)
  expect(answer.status).toBe(304)
  expect(answer.headers.vary).toBe('origin')
})
