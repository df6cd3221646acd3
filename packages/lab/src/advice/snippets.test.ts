import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { countLines, countPlainLines, snippet, snippetKinds } from './snippets.js'

const place = { server: 'http://localhost:4437', channel: 'cake' }

/** Runs a plain client against what a browser would give it, with waits that are over at once. */
function run(code: string, world: Record<string, unknown>): Promise<unknown> {
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as FunctionConstructor
  const quiet = { warn: () => {} }
  const atOnce = (callback: () => void) => setTimeout(callback, 0)
  const names = { console: quiet, setTimeout: atOnce, ...world }
  return new AsyncFunction(...Object.keys(names), code)(...Object.values(names)) as Promise<unknown>
}

/** A channel of three messages whose line breaks between the second and the third. */
function pollAnswers(asked: string[]) {
  const answer = (status: number, next: string, messages: unknown[] = []) =>
    new Response(JSON.stringify(messages), { status, headers: { 'stream-next-offset': next } })
  const answers = [
    () => answer(200, '0_1', [1]),
    () => answer(200, '0_2', [2]),
    () => Promise.reject(new TypeError('Failed to fetch')),
    () => new Response('busy', { status: 503 }),
    () => answer(200, '0_3', [3]),
  ]
  return async (url: string) => {
    asked.push(new URL(url).searchParams.get('offset') ?? '')
    const next = answers.shift()
    return next ? next() : new Promise(() => {})
  }
}

describe('the plain clients', () => {
  test.each(['short-poll', 'long-poll'] as const)(
    '%s hears everything once across a broken line',
    async (way) => {
      const asked: string[] = []
      const heard: unknown[] = []
      const fetch = pollAnswers(asked)
      await new Promise<void>((resolve, reject) => {
        const show = (message: unknown) => {
          heard.push(message)
          if (message === 3) resolve()
        }
        run(snippet(way, 'browser', place).hear, { fetch, show }).catch(reject)
      })
      expect(heard).toEqual([1, 2, 3])
      expect(asked.slice(0, 5)).toEqual(['now', '0_1', '0_2', '0_2', '0_2'])
    },
  )

  test('long polling asks again at once after an answer that brought nothing', async () => {
    const asked: string[] = []
    await new Promise<void>((resolve, reject) => {
      const fetch = async (url: string) => {
        asked.push(new URL(url).searchParams.get('offset') ?? '')
        if (asked.length > 2) {
          resolve()
          return new Promise(() => {})
        }
        return new Response(null, { status: 204, headers: { 'stream-next-offset': `0_${asked.length}` } })
      }
      const setTimeout = () => reject(new Error('it waited'))
      run(snippet('long-poll', 'browser', place).hear, { fetch, show() {}, setTimeout }).catch(reject)
    })
    expect(asked).toEqual(['now', '0_1', '0_2'])
  })

  test('SSE shows one message per event and leaves coming back to the browser', async () => {
    const opened: { url: string; onmessage?: (event: { data: string }) => void }[] = []
    class EventSource {
      readonly url: string
      constructor(url: string) {
        this.url = url
        opened.push(this)
      }
    }
    const heard: unknown[] = []
    await run(snippet('sse', 'browser', place).hear, {
      EventSource,
      show: (each: unknown) => heard.push(each),
    })
    opened[0]!.onmessage!({ data: '{"n":1}' })
    expect(heard).toEqual([{ n: 1 }])
    expect(opened.map(({ url }) => url)).toEqual([
      'http://localhost:4437/v1/stream/cake?live=sse&events=message&offset=now',
    ])
  })

  test('WebSocket comes back from the offset that it has reached', async () => {
    interface Fake {
      url: string
      onmessage(event: { data: string }): void
      onclose(): void
    }
    const sockets: Fake[] = []
    class WebSocket {
      readonly url: string
      readonly subprotocol: string
      constructor(url: string, subprotocol: string) {
        this.url = url
        this.subprotocol = subprotocol
        sockets.push(this as unknown as Fake)
      }
    }
    const heard: unknown[] = []
    const show = (each: unknown) => heard.push(each)
    await run(snippet('websocket', 'browser', place).hear, { WebSocket, show })
    const data = (messages: unknown[], nextOffset: string) =>
      ({ data: JSON.stringify({ type: 'data', channel: 'cake', messages, nextOffset }) }) as const
    sockets[0]!.onmessage({ data: '{"type":"welcome","heartbeatMs":15000}' })
    sockets[0]!.onmessage(data([1, 2], '0_2'))
    sockets[0]!.onclose()
    await new Promise((resolve) => setTimeout(resolve, 10))
    sockets[1]!.onmessage(data([3], '0_3'))
    expect(heard).toEqual([1, 2, 3])
    expect(sockets.map(({ url }) => new URL(url).searchParams.get('offset'))).toEqual(['now', '0_2'])
    expect(sockets[0]!.url).toMatch(/^ws:/)
  })
})

describe('the code to copy', () => {
  test('names its server and channel for every way and kind', () => {
    for (const way of ways) {
      for (const kind of snippetKinds) {
        const { hear, speak } = snippet(way, kind, place)
        for (const code of [hear, speak]) expect(code).toContain('cake')
        expect(hear).toMatch(/(http|ws):\/\/localhost:4437/)
      }
    }
  })

  test('has lines that count without comments and blank ones', () => {
    expect(countLines('a()\n\n// why\n# why\n  b()\n')).toBe(2)
    expect(countPlainLines('sse')).toBe(3)
    expect(countPlainLines('websocket')).toBeGreaterThan(countPlainLines('short-poll'))
  })
})
