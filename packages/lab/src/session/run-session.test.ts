import {
  type LabNotice,
  type LabRequest,
  type LineFaults,
  type Way,
  type Workload,
  ways,
} from '@tidings/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Browser, BrowserSocket, LabMessage, LaneOptions, OpenLane } from '../lanes/index.js'
import { startRunSession } from './run-session.js'
import type { LaneSettings } from './types.js'

const settings: LaneSettings = { pollIntervalMs: 1_000, holdSeconds: 20, isKeptAlive: true }
const faults: LineFaults = { delayMs: 0, buffers: false, upgrades: 'pass' }
const noReaders = { 'short-poll': 0, 'long-poll': 0, sse: 0, websocket: 0 }
const workload: Workload = { messagesPerSecond: 10, burst: 1, messageBytes: 100, readers: noReaders }
const run: LabNotice = { type: 'run', channel: 'lab/1', line: '/lab/line/1/', longPollMs: 25_000 }

/** A socket of which the test is the server. */
class PlayedSocket implements BrowserSocket {
  readonly protocol = ''
  readonly bufferedAmount = 0
  readyState = 0
  onopen: BrowserSocket['onopen'] = null
  onmessage: BrowserSocket['onmessage'] = null
  onerror: BrowserSocket['onerror'] = null
  onclose: BrowserSocket['onclose'] = null
  readonly sent: LabRequest[] = []
  readonly url: string

  constructor(url: string) {
    this.url = url
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as LabRequest)
  }

  close(): void {
    this.readyState = 3
  }

  opens(): void {
    this.readyState = 1
    this.onopen?.(undefined as never)
  }

  says(notice: LabNotice | object | string): void {
    this.onmessage?.({ data: typeof notice === 'string' ? notice : JSON.stringify(notice) } as never)
  }

  #answered = 0

  /** As `asked` comes back from a server whose clock is so far ahead. */
  answersClock(aheadMs: number): void {
    // Each answer is followed by the next of the first questions.
    for (;;) {
      const asked = this.sent.filter((request) => request.type === 'clock').at(this.#answered)
      if (!asked) return
      this.#answered++
      this.says({ type: 'clock', askedAtMs: asked.askedAtMs, atMs: asked.askedAtMs + aheadMs })
    }
  }

  closes(code: number, reason = ''): void {
    this.readyState = 3
    this.onclose?.({ code, reason } as never)
  }
}

interface PlayedLane {
  readonly options: LaneOptions
  settings: LaneSettings
  isStopped: boolean
  readonly said: LabMessage[]
}

function openWorld() {
  vi.useFakeTimers()
  const sockets: PlayedSocket[] = []
  const opened: PlayedLane[] = []
  const frames: (() => void)[] = []
  const browser = {
    WebSocket: class extends PlayedSocket {
      constructor(url: string) {
        super(url)
        sockets.push(this)
      }
    },
    // The hopper's: never answered, until it is aborted.
    fetch: (_: unknown, init?: RequestInit) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)),
      ),
    origin: 'https://lab.example',
    now: () => Date.now(),
    random: Math.random,
  } as unknown as Browser
  const openLane: Record<Way, OpenLane> = Object.fromEntries(
    ways.map((way) => [way, (options: LaneOptions) => playLane(way, options)]),
  ) as Record<Way, OpenLane>
  const playLane = (way: Way, options: LaneOptions) => {
    const played: PlayedLane = { options, settings: options.settings, isStopped: false, said: [] }
    opened.push(played)
    return {
      way,
      place: { offset: `after ${way}` },
      say: async (message: LabMessage) => {
        played.said.push(message)
      },
      useSettings: (next: LaneSettings) => {
        played.settings = next
      },
      stop: () => {
        played.isStopped = true
      },
    }
  }
  const session = startRunSession({
    browser,
    openLane,
    requestFrame: (callback) => frames.push(callback),
    settings,
    workload,
    faults,
  })
  onTestFinished(() => {
    session.end()
    vi.useRealTimers()
  })
  const feed = sockets[0] as PlayedSocket
  return {
    session,
    sockets,
    opened,
    frames,
    feed,
    begin: (aheadMs = 0) => {
      feed.opens()
      feed.says(run)
      feed.answersClock(aheadMs)
    },
  }
}

test('a run connects to the Lab of its own server, with TLS where the page has it', () => {
  const { session, feed } = openWorld()
  expect(feed.url).toBe('wss://lab.example/lab/run')
  expect(session.state).toBe('connecting')
})

test('all four lanes begin together at the beginning of the channel, once it is named and the clocks are compared a few times', () => {
  const { session, feed, opened, sockets } = openWorld()
  feed.opens()
  feed.says(run)
  expect(session.state).toBe('running')
  expect(opened).toHaveLength(0)
  feed.answersClock(0)
  expect(opened.map(({ options }) => [options.channel, options.place.offset])).toEqual(
    ways.map(() => ['lab/1', '-1']),
  )
  expect(ways.map((way) => session.isRunning(way))).toEqual([true, true, true, true])
  feed.answersClock(0)
  expect(opened).toHaveLength(4)
  // The feed and the naive socket: nothing has begun twice.
  expect(sockets).toHaveLength(2)
})

test('the workload is asked for when all are on their way, and what is asked before is not lost', () => {
  const { session, feed, begin } = openWorld()
  session.useWorkload({ ...workload, messagesPerSecond: 3 })
  session.useFaults({ ...faults, delayMs: 5 })
  begin()
  const asked = feed.sent.filter(({ type }) => type !== 'clock')
  expect(asked).toEqual([
    { type: 'faults', faults: { ...faults, delayMs: 5 } },
    { type: 'workload', workload: { ...workload, messagesPerSecond: 3 } },
  ])
})

test('the hopper and the naive socket read over the faulty line', () => {
  const { sockets, begin } = openWorld()
  begin()
  expect(sockets[1]?.url).toBe('wss://lab.example/lab/line/1/naive/v1/stream/lab/1?live=websocket&offset=now')
})

test('delays are reckoned from the time of publishing, by the compared clocks', () => {
  const { session, opened, begin } = openWorld()
  begin(5_000)
  expect(session.clock).toEqual({ offsetMs: 5_000, errorMs: 0 })
  const atMs = Date.now()
  opened[0]?.options.heard({ n: 1, atMs: atMs + 5_000 - 7, text: '' }, 60, atMs)
  const { delayP50Ms, messages, payloadBytes } = session.figures('short-poll')
  expect(delayP50Ms).toBeCloseTo(7)
  expect([messages, payloadBytes]).toEqual([1, 60])
})

test('what is said in a lane is its own, and is under way until that lane hears it', async () => {
  const { session, opened, begin } = openWorld()
  begin()
  await session.say('sse', 'a word')
  const sse = opened[ways.indexOf('sse')] as PlayedLane
  const [message] = sse.said as [LabMessage]
  expect(message).toMatchObject({ from: 'sse', text: 'a word', atMs: Date.now() })
  opened[0]?.options.heard(message, 60, Date.now() + 3)
  sse.options.heard(message, 60, Date.now() + 9)
  expect(session.figures('sse').roundTripP50Ms).toBe(9)
  expect(session.figures('short-poll').roundTripP50Ms).toBeUndefined()
})

test('a stopped lane can not speak, and goes on where it was when it is started', async () => {
  const { session, opened, begin } = openWorld()
  begin()
  session.stop('sse')
  session.stop('sse')
  expect(opened[ways.indexOf('sse')]?.isStopped).toBe(true)
  expect(session.isRunning('sse')).toBe(false)
  await expect(session.say('sse', 'a word')).rejects.toThrow('This lane is stopped')
  session.start('sse')
  session.start('sse')
  expect(opened).toHaveLength(5)
  expect(opened[4]?.options.place).toEqual({ offset: 'after sse' })
})

test('a lane that was stopped before the run began does not begin with it', () => {
  const { session, opened, begin } = openWorld()
  session.stop('websocket')
  begin()
  expect(opened).toHaveLength(3)
  expect(session.isRunning('websocket')).toBe(false)
})

test('settings reach lanes that run, and those that are started later', () => {
  const { session, opened, begin } = openWorld()
  begin()
  session.stop('sse')
  session.useSettings({ ...settings, pollIntervalMs: 50 })
  session.start('sse')
  expect(opened[0]?.settings.pollIntervalMs).toBe(50)
  expect(opened[4]?.settings.pollIntervalMs).toBe(50)
})

test('requests are numbered over all lanes', () => {
  const { opened, begin } = openWorld()
  begin()
  const asks = opened.map(({ options }) => options.nextAsk())
  expect(new Set(asks).size).toBe(4)
})

test('closing from the server is asked for each connection that the lane hears on', () => {
  const { session, feed, begin } = openWorld()
  begin()
  const request = (exchange: number, connection: number, lane: Way) => {
    const bytes = 'GET / HTTP/1.1\r\n\r\n'
    const place = { exchange, connection, lane, ask: exchange, isReused: false }
    return { kind: 'request', ...place, atMs: Date.now(), bytes, byteLength: bytes.length } as const
  }
  const ended = { kind: 'ended', exchange: 1, lane: 'sse', atMs: Date.now() } as const
  feed.says({
    type: 'trace',
    events: [request(1, 1, 'sse'), request(2, 2, 'sse'), request(3, 3, 'websocket'), ended],
  })
  session.closeFromServer('sse')
  expect(feed.sent.filter(({ type }) => type === 'close')).toEqual([{ type: 'close', connection: 2 }])
})

test('the line is asked to cut and to go offline', () => {
  const { session, feed, begin } = openWorld()
  begin()
  session.cut()
  session.goOffline(3_000)
  expect(feed.sent.slice(-2)).toEqual([{ type: 'cut' }, { type: 'offline', forMs: 3_000 }])
})

test('a malformed notice is refused with a reason and changes nothing', () => {
  const { session, feed, opened, begin } = openWorld()
  feed.opens()
  feed.says({ ...run, longPollMs: 'long' })
  expect(session.reason).toMatch(/"longPollMs"/)
  expect(session.state).toBe('connecting')
  begin()
  feed.says({ type: 'line', event: { atMs: 1, what: 'thunder', reader: 'hopper' } })
  expect(session.lineEvents).toEqual([])
  expect(session.state).toBe('running')
  expect(opened).toHaveLength(4)
})

test('a request that the server refuses is told, and the run goes on', () => {
  const { session, feed, begin } = openWorld()
  begin()
  feed.says({ type: 'refused', code: 'envelope-invalid', detail: 'No such fault.' })
  expect([session.state, session.reason]).toEqual(['running', 'No such fault.'])
})

test('what the trace had to leave out is told', () => {
  const { session, feed, begin } = openWorld()
  begin()
  feed.says({ type: 'trace', events: [], missed: 12 })
  expect([session.state, session.reason]).toEqual([
    'running',
    expect.stringMatching(/could not keep up: 12 /),
  ])
})

test('of what the line did the last hundred are kept', () => {
  const { session, feed, begin } = openWorld()
  begin()
  for (let atMs = 1; atMs <= 105; atMs++) {
    feed.says({ type: 'line', event: { atMs, what: 'cut', reader: 'hopper' } })
  }
  expect(session.lineEvents).toHaveLength(100)
  expect(session.lineEvents.at(-1)?.atMs).toBe(105)
})

test("the workload's readers are shown while there are any", () => {
  const { session, feed, begin } = openWorld()
  begin()
  const counts = { connected: 3, messages: 1, lost: 0, twice: 0, outOfOrder: 0 }
  const notice = { type: 'readers', ways: Object.fromEntries(ways.map((way) => [way, counts])) }
  session.useWorkload({ ...workload, readers: { ...noReaders, sse: 3 } })
  feed.says(notice)
  expect(session.readers?.sse).toEqual(counts)
  session.useWorkload(workload)
  feed.says(notice)
  expect(session.readers).toBeUndefined()
})

test.each([
  [1_006, '', /keeps 8 at once/],
  [1_001, 'run-ended', /is stopping/],
  [1_011, 'internal-error', /1011 internal-error/],
])('a feed that closes with %i before the run began is a refusal', (code, reason, sentence) => {
  const { session, feed, sockets } = openWorld()
  feed.closes(code, reason)
  expect(session.state).toBe('refused')
  expect(session.reason).toMatch(sentence)
  vi.advanceTimersByTime(600_000)
  expect(sockets).toHaveLength(1)
})

test('what the server said before it closed is the reason of a refusal', () => {
  const { session, feed } = openWorld()
  feed.opens()
  feed.says({ type: 'refused', code: 'server-busy', detail: 'Eight go on.' })
  feed.closes(1_013)
  expect([session.state, session.reason]).toEqual(['refused', 'Eight go on.'])
})

test('a server that says nothing at first is given up on after fifteen seconds', () => {
  const { session, feed } = openWorld()
  feed.opens()
  vi.advanceTimersByTime(15_000)
  expect(session.state).toBe('refused')
  expect(session.reason).toMatch(/within 15 seconds/)
})

test('a run whose feed closes is over: lanes, hopper and naive socket stop, and nothing is tried again', () => {
  const { session, feed, sockets, opened, begin } = openWorld()
  begin()
  const socketsBefore = sockets.length
  feed.closes(1_001, 'run-ended')
  expect(session.state).toBe('ended')
  expect(opened.every(({ isStopped }) => isStopped)).toBe(true)
  expect([session.hopper.doing, session.naive.doing]).toEqual(['stopped', 'stopped'])
  session.start('sse')
  session.hopTo('websocket')
  session.hopAtRandom(true)
  vi.advanceTimersByTime(600_000)
  expect([opened.length, sockets.length]).toEqual([4, socketsBefore])
  expect(session.hopper.isHoppingAtRandom).toBe(false)
})

test('a run whose server speaks goes on, though its clock is not told', () => {
  const { session, feed, begin } = openWorld()
  begin()
  for (let count = 0; count < 6; count++) {
    vi.advanceTimersByTime(9_000)
    feed.says({ type: 'trace', events: [] })
  }
  expect(session.state).toBe('running')
})

test('a run whose server falls silent is over', () => {
  const { session, begin } = openWorld()
  begin()
  vi.advanceTimersByTime(60_000)
  expect(session.state).toBe('ended')
  expect(session.reason).toMatch(/said nothing for 30 seconds/)
})

test('a run that the page ends is over, whether it had begun or not, and its feed is closed', () => {
  for (const hasBegun of [true, false]) {
    const { session, feed, begin } = openWorld()
    if (hasBegun) begin()
    session.end()
    session.end()
    expect([session.state, session.reason]).toEqual(['ended', 'The page has ended the run.'])
    expect(feed.readyState).toBe(3)
  }
})

test('changes are told once per frame', () => {
  const { session, frames, opened, begin } = openWorld()
  begin()
  for (const frame of frames.splice(0)) frame()
  let calls = 0
  session.onChange(() => {
    calls += 1
  })
  for (let n = 1; n <= 50; n++) opened[0]?.options.heard({ n, atMs: 1, text: '' }, 30, Date.now())
  expect([frames.length, calls]).toEqual([1, 0])
  for (const frame of frames.splice(0)) frame()
  expect(calls).toBe(1)
})
