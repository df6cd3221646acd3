import { expect, onTestFinished, test, vi } from 'vitest'
import type { Observation } from '../record/types.js'
import type { Browser, EventSourceLike } from './browser.js'
import type { LabMessage } from './lab-message.js'
import { openSse } from './sse.js'

const [connecting, open, closed] = [0, 1, 2]

/** A browser's EventSource as far as a page sees it: the test says what the network does. */
class PlayedSource implements EventSourceLike {
  readyState = connecting as number
  onopen: EventSourceLike['onopen'] = null
  onmessage: EventSourceLike['onmessage'] = null
  onerror: EventSourceLike['onerror'] = null
  readonly url: URL

  constructor(url: string) {
    this.url = new URL(url)
  }

  opens(): void {
    this.readyState = open as number
    this.onopen?.(new Event('open'))
  }

  brings(value: unknown, lastEventId: string): void {
    this.onmessage?.({ data: JSON.stringify(value), lastEventId } as MessageEvent)
  }

  /** @param state `closed` when the browser gives up */
  fails(state: number | undefined): void {
    this.readyState = state as number
    this.onerror?.(new Event('error'))
  }

  close(): void {
    this.readyState = closed as number
  }
}

function openWorld(earliestOffset?: string) {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const sources: PlayedSource[] = []
  const heard: LabMessage[] = []
  const observations: Observation[] = []
  let lastAsk = 0
  const browser = {
    EventSource: class extends PlayedSource {
      constructor(url: string) {
        super(url)
        sources.push(this)
      }
    },
    fetch: async () =>
      new Response(null, { headers: earliestOffset ? { 'stream-earliest-offset': earliestOffset } : {} }),
    origin: 'http://lab.example',
    now: () => Date.now(),
    random: () => 0.5,
  } as unknown as Browser
  const lane = openSse({
    browser,
    channel: 'lab/cake',
    place: { offset: '-1' },
    settings: { pollIntervalMs: 1_000, holdSeconds: 20, isKeptAlive: true },
    nextAsk: () => {
      lastAsk += 1
      return lastAsk
    },
    observe: (observation) => observations.push(observation),
    heard: (message) => heard.push(message),
  })
  const kinds = () => observations.map(({ kind, ask }) => `${kind} ${ask}`)
  return { lane, sources, heard, kinds, source: sources[0] as PlayedSource }
}

const message = (n: number) => ({ n, atMs: 1, text: '' })

test('an EventSource that comes back by itself is left to it', async () => {
  const { sources, source, heard, kinds } = openWorld()
  source.opens()
  source.brings(message(1), '7_1')
  source.fails(connecting)
  source.fails(connecting)
  await vi.advanceTimersByTimeAsync(60_000)
  source.opens()
  source.brings(message(2), '7_2')
  expect(sources).toHaveLength(1)
  expect(heard).toEqual([message(1), message(2)])
  expect(kinds()).toEqual(['asked 1', 'answered 1', 'heard 1', 'ended 1', 'answered 1', 'heard 1'])
})

test('where the browser gives up, another EventSource goes on after the last message', async () => {
  const { lane, sources, source } = openWorld('7_0')
  source.opens()
  source.brings(message(1), '7_1')
  source.fails(closed)
  expect(sources).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sources).toHaveLength(2)
  expect(sources[1]?.url.searchParams.get('offset')).toBe('7_1')
  expect(sources[1]?.url.searchParams.get('lab')).toBe('sse.3')
  expect(lane.place).toEqual({ offset: '7_1' })
})

test('it goes on with what is left when retention has passed its offset', async () => {
  const { sources, source } = openWorld('7_9')
  source.opens()
  source.brings(message(1), '7_1')
  source.fails(closed)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(sources[1]?.url.searchParams.get('offset')).toBe('7_9')
})

test('a stopped lane closes its EventSource, hears nothing more and opens none', async () => {
  const { lane, sources, source, heard, kinds } = openWorld()
  source.opens()
  lane.stop()
  lane.stop()
  source.brings(message(1), '7_1')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(source.readyState).toBe(closed)
  expect(sources).toHaveLength(1)
  expect(heard).toEqual([])
  expect(kinds()).toEqual(['asked 1', 'answered 1', 'ended 1'])
})

test('it asks for one event per message', () => {
  const { source } = openWorld()
  expect(Object.fromEntries(source.url.searchParams)).toEqual({
    live: 'sse',
    events: 'message',
    offset: '-1',
    lab: 'sse.1',
  })
})
