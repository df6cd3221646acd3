import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { ownSurroundings } from '../../../packages/client/src/connection/surroundings.js'
import { ManualClock } from '../support/manual-clock.js'
import { client, expectNothingUncaught, pause, startHostile, take, waits } from './hostile-server.js'

expectNothingUncaught()
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function watched() {
  const clock = new ManualClock()
  const told: string[] = []
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(ownSurroundings(clock).watch((what) => told.push(what)))
  const pass = (ms: number) => {
    vi.setSystemTime(Date.now() + ms)
    clock.advance(5_000)
  }
  return { told, pass }
}

test('time that has jumped tells that the machine slept; a clock that was set back tells nothing', () => {
  const { told, pass } = watched()
  pass(5_000)
  pass(-3_600_000)
  pass(5_000)
  expect(told).toEqual([])
  pass(3_600_000)
  expect(told).toEqual(['woke'])
})

test('a page that nobody sees, whose timers are a minute apart, has not woken', () => {
  const page = Object.assign(new EventTarget(), { hidden: true })
  vi.stubGlobal('document', page)
  const { told, pass } = watched()
  for (let minute = 0; minute < 5; minute++) pass(60_000)
  expect(told).toEqual([])
  page.hidden = false
  page.dispatchEvent(new Event('visibilitychange'))
  expect(told).toEqual(['woke'])
})

test('a worker hears that the network is back, and when it is watched no more, nothing', () => {
  const scope = new EventTarget()
  vi.stubGlobal('addEventListener', scope.addEventListener.bind(scope))
  const told: string[] = []
  const stop = ownSurroundings(new ManualClock()).watch((what) => told.push(what))
  scope.dispatchEvent(new Event('online'))
  stop()
  scope.dispatchEvent(new Event('online'))
  expect(told).toEqual(['online'])
})

test('a storm of all that may happen around a client loses nothing, and is survived', async () => {
  const tellers = new Set<(what: 'online' | 'woke' | 'hidden' | 'suspend' | 'resume') => void>()
  const data = '{"type":"data","channel":"cake","messages":["a"],"nextOffset":"1_1","upToDate":true}'
  const server = await startHostile({
    answers(response, { search }) {
      if (search.includes('1_1')) response.writeHead(304).end()
      else response.writeHead(200).end(`[${data}]`)
    },
  })
  const tidings = client(server.url, {
    ways: 'short-poll',
    surroundings: {
      watch(tell) {
        tellers.add(tell)
        return () => tellers.delete(tell)
      },
    },
  })
  const heard = take(tidings.channel('cake', { offset: '-1' }), 2)
  for (let round = 0; round < 200; round++) {
    for (const tell of [...tellers])
      for (const what of [
        'suspend',
        'resume',
        'online',
        'woke',
        'hidden',
        'suspend',
        'suspend',
        'resume',
      ] as const)
        tell(what)
    if (round % 50 === 0) await pause(5)
  }
  expect(tellers.size).toBe(1)
  await pause(50)
  expect(tidings.state).toBe('open')
  tidings.close()
  expect(await heard).toEqual(['a'])
  expect(tellers.size).toBe(0)
})

test('a socket that is dead is noticed, however often the network is said to be back', async () => {
  const server = await startHostile({
    opens: (socket) => socket.send('{"type":"welcome","heartbeatMs":15000}'),
  })
  let tell = (_: 'online') => {}
  const tidings = client(server.url, {
    ways: 'websocket',
    answerMs: 300,
    surroundings: {
      watch(given) {
        tell = given
        return () => {}
      },
    },
  })
  const waiting = waits(tidings)
  const heard = take(tidings.channel('cake'), 1)
  const storm = setInterval(() => tell('online'), 100)
  onTestFinished(() => clearInterval(storm))
  expect(await Promise.race([waiting, pause(3_000)])).toMatchObject({ error: { code: 'connection-failed' } })
  tidings.close()
  await heard
})

test('in a page, why a server can not be reached is not asked for without end', async () => {
  vi.stubGlobal('location', { protocol: 'https:', origin: 'https://news.example' })
  const tidings = client('http://tidings.example', {
    answerMs: 200,
    // The first request is refused, the one that asks why hangs.
    fetch: (url, init = {}) =>
      String(url).includes('/v1/streams')
        ? Promise.reject(new TypeError('Failed to fetch'))
        : new Promise((_, reject) =>
            init.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
          ),
    ways: 'long-poll',
  })
  const heard = take(tidings.channel('cake'), 1)
  const outcome = await Promise.race([heard.catch((error: unknown) => error), waits(tidings), pause(2_000)])
  expect(outcome).toMatchObject({ code: 'mixed-content' })
})
