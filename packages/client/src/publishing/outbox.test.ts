import { describe, expect, test } from 'vitest'
import { Outbox, type Published } from './outbox.js'
import { RawJson } from './raw-json.js'

/** As a publisher does. */
const add = (outbox: Outbox, messages: readonly unknown[], close = false) =>
  new Promise<Published>((resolve, reject) => outbox.add(messages, close, { resolve, reject }))

const texts = (outbox: Outbox, maxLength: number) =>
  outbox.take(maxLength).map((unit) => unit.messages.join(','))

describe('what one append holds', () => {
  test('calls of a JSON channel go together while they fit, a larger one goes by itself', () => {
    const outbox = new Outbox('json')
    for (const message of ['1', '2', '3', '4444444', '5']) void add(outbox, [Number(message)])
    expect(texts(outbox, 3)).toEqual(['1', '2', '3'])
    expect(texts(outbox, 3)).toEqual(['4444444'])
    expect(texts(outbox, 3)).toEqual(['5'])
    expect(outbox.take(3)).toEqual([])
  })

  test('nothing goes together with what comes after a close', () => {
    const outbox = new Outbox('json')
    void add(outbox, [1], true)
    void add(outbox, [2])
    expect(texts(outbox, 100)).toEqual(['1'])
  })

  test('each message of a text channel is an append, the last one resolves the call', async () => {
    const outbox = new Outbox('text')
    const call = add(outbox, ['a', 'b'], true)
    const [first] = outbox.take(0)
    expect(first).toMatchObject({ messages: ['a'], close: false })
    outbox.settle([first!], { nextOffset: '1', duplicate: false })
    const [second] = outbox.take(0)
    expect(second).toMatchObject({ messages: ['b'], close: true })
    outbox.settle([second!], { nextOffset: '2', duplicate: false })
    expect(await call).toEqual({ nextOffset: '2', duplicate: false })
  })

  test('when a part of a call is refused, the rest of it is not sent', async () => {
    const outbox = new Outbox('text')
    const call = add(outbox, ['a', 'b'])
    void add(outbox, ['c'])
    const error = new Error('refused')
    outbox.settle(outbox.take(0), { error })
    await expect(call).rejects.toBe(error)
    expect(texts(outbox, 0)).toEqual(['c'])
  })
})

test('beyond its bound it takes no more; one call that is larger waits alone', async () => {
  const outbox = new Outbox('text', 10)
  const first = add(outbox, ['a'.repeat(50)])
  await expect(add(outbox, ['b'])).rejects.toMatchObject({ code: 'queue-full' })
  outbox.settle(outbox.take(0), { nextOffset: '1', duplicate: false })
  await first
  expect(add(outbox, ['b'.repeat(10)])).toBeInstanceOf(Promise)
  await expect(add(outbox, ['c'])).rejects.toMatchObject({ code: 'queue-full' })
})

test.each([
  ['json', [undefined], 'message-invalid'],
  ['json', [], 'message-empty'],
  ['text', [1], 'message-invalid'],
  ['text', [''], 'message-empty'],
  ['binary', ['a'], 'message-invalid'],
  ['binary', [new Uint8Array(0)], 'message-empty'],
] as const)('a %s channel refuses %j', async (kind, messages, code) => {
  await expect(add(new Outbox(kind), messages)).rejects.toMatchObject({ code })
})

test('a value that has no JSON form is refused', async () => {
  await expect(add(new Outbox('json'), [1n])).rejects.toMatchObject({ code: 'message-invalid' })
})

test('bytes are copied: the caller may use its buffer again', () => {
  const outbox = new Outbox('binary')
  const buffer = Uint8Array.of(1)
  void add(outbox, [buffer])
  buffer[0] = 2
  expect(outbox.take(0)[0]?.messages).toEqual([Uint8Array.of(1)])
})

test('raw JSON is one value, passed on as it stands', () => {
  const outbox = new Outbox('json')
  void add(outbox, [new RawJson(' 9007199254740993\n'), new RawJson('{"b":1,"a":1.0}')])
  expect(texts(outbox, 0)).toEqual(['9007199254740993,{"b":1,"a":1.0}'])
  for (const text of ['1,2', '', '{', '1],[2']) {
    expect(() => new RawJson(text)).toThrow(expect.objectContaining({ code: 'message-invalid' }))
  }
})
