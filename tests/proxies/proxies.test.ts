import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { ways } from '@tidings/protocol'
import { describe, expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import {
  hasHaproxy,
  hasNginx,
  type RunningProxy,
  settingsFromPage,
  startHaproxy,
  startNginx,
} from '../support/proxies.js'
import { rawConnection } from '../support/raw-client.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearThroughProxy, resumeEvents } from './four-ways.js'

interface ProxyUnderTest {
  readonly name: string
  readonly isHere: boolean
  /** The block of docs/proxies.md. */
  readonly settings: string
  readonly start: typeof startNginx
  /** What the detail of the 426 names, where a WebSocket does not pass. */
  readonly noWebSocket?: RegExp
}

const proxies: readonly ProxyUnderTest[] = [
  {
    name: 'nginx with nothing but proxy_pass',
    isHere: hasNginx,
    settings: 'plain',
    start: startNginx,
    noWebSocket: /came by HTTP\/1\.0.*a proxy on the way.*must speak 1\.1.*docs\/proxies\.md/,
  },
  {
    name: 'nginx that keeps connections',
    isHere: hasNginx,
    settings: 'kept',
    start: startNginx,
    noWebSocket: /Upgrade: websocket.*a proxy on the way has dropped them.*docs\/proxies\.md/,
  },
  { name: 'nginx as recommended', isHere: hasNginx, settings: 'recommended', start: startNginx },
  { name: 'nginx that caches long polls', isHere: hasNginx, settings: 'cache', start: startNginx },
  { name: "Debian's HAProxy", isHere: hasHaproxy, settings: 'plain', start: startHaproxy },
]

for (const { name, isHere, settings, start, noWebSocket } of proxies) {
  describe.runIf(isHere)(name, () => {
    async function startBoth() {
      const server = await startTestServer({ longPollMs: 5_000 })
      const proxy = await start(await settingsOf(settings, start), { server: server.url })
      return { server, proxy }
    }

    for (const way of ways.filter((each) => noWebSocket === undefined || each !== 'websocket')) {
      test(`carries ${way}, message by message`, async () => {
        const { server, proxy } = await startBoth()
        await hearThroughProxy(way, { proxy: proxy.url, server, channel: 'orders/4711 ü' })
      })
    }

    if (noWebSocket)
      test('has a WebSocket answered with what to change', async () => {
        const { server, proxy } = await startBoth()
        await createTestChannel(server)
        const answer = await offerUpgrade(`${proxy.url}/v1/stream/cake?live=websocket`)
        expect(answer).toMatchObject({ status: 426, code: 'upgrade-required' })
        expect(answer.detail).toMatch(noWebSocket)
      })

    test('carries an event stream that is resumed', async () => {
      const { server, proxy } = await startBoth()
      await resumeEvents(proxy.url, server)
    })

    test('lets a poll that finds nothing new be answered 304', async () => {
      const { server, proxy } = await startBoth()
      const channel = await createTestChannel(server)
      const offset = await channel.publish('one')
      const url = `${proxy.url}/v1/stream/cake?offset=${offset}`
      const first = await fetch(url)
      expect([first.status, await first.text()]).toEqual([200, '[]'])
      const etag = String(first.headers.get('etag'))
      expect((await fetch(url, { headers: { 'if-none-match': etag } })).status).toBe(304)
    })

    test('frees a held poll whose client has gone', async () => {
      const { server, proxy } = await startBoth()
      await createTestChannel(server)
      const connection = await rawConnection(proxy.url)
      connection.write('GET /v1/stream/cake?offset=-1&live=long-poll HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await statsOf(server).until(({ heldPolls }) => heldPolls === 1)
      connection.destroy()
      await statsOf(server).untilNothingIsHeld()
    })
  })
}

describe.runIf(hasNginx)('nginx that buffers, whatever it is told', () => {
  test('delays events until many have gathered, and carries the other ways', async () => {
    const server = await startTestServer({ longPollMs: 5_000 })
    const proxy = await startNginx(await settingsFromPage('buffering'), { server: server.url })
    const channel = await createTestChannel(server)
    let first = ''
    const asking = get(`${proxy.url}/v1/stream/cake?offset=-1&live=sse`, { agent: false }).on(
      'error',
      () => {},
    )
    asking.once('response', (response) => {
      response
        .on('error', () => {})
        .once('data', (bytes) => {
          first = String(bytes)
        })
    })
    await statsOf(server).until(({ listeners }) => listeners === 1)
    let published = 0
    // One by one, until something has come: an unbuffered stream would bring the first at once.
    while (first === '') {
      await channel.publish(`${published++}:${'x'.repeat(200)}`)
      await statsOf(server).now()
    }
    asking.destroy()
    expect(first.match(/^event: data$/gm)?.length).toBeGreaterThan(5)

    for (const way of ['short-poll', 'long-poll'] as const) {
      await hearThroughProxy(way, { proxy: proxy.url, server, channel: way })
    }
  })
})

describe.runIf(hasNginx)('which Host nginx sends', () => {
  const named = `
    upstream tidings { server 127.0.0.1:4437; }
    server { listen 127.0.0.1:8080; location / { proxy_pass http://tidings; } }`

  test("a name of nginx's own is refused, and the answer says where to look", async () => {
    const server = await startTestServer()
    const proxy = await startNginx(named, { server: server.url })
    const answer = await fetch(`${proxy.url}/v1/channels`)
    expect(answer.status).toBe(421)
    expect(await answer.json()).toMatchObject({
      code: 'host-refused',
      detail: expect.stringMatching(/--public.*docs\/proxies\.md/),
    })
  })

  test("with --public visitors' own name passes, and pages of that name may talk to the server", async () => {
    const server = await startTestServer({ public: true })
    const proxy = await startNginx(await settingsFromPage('recommended'), { server: server.url })
    const ask = (origin: string) => statusOf(proxy, { host: 'news.example', origin })
    expect(await ask('http://news.example')).toBe(200)
    expect(await ask('https://news.example')).toBe(200)
    expect(await ask('https://other.example')).toBe(403)
  })
})

async function settingsOf(name: string, start: typeof startNginx): Promise<string> {
  return settingsFromPage(name, start === startNginx ? 'nginx' : 'haproxy')
}

async function statusOf(proxy: RunningProxy, headers: Record<string, string>): Promise<number | undefined> {
  const asking = get(`${proxy.url}/v1/channels`, { headers, agent: false })
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

/** The answer to a handshake that is refused. */
async function offerUpgrade(url: string): Promise<{ status?: number; code: string; detail: string }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const [response] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage]
  return { status: response.statusCode, ...JSON.parse(await text(response)) }
}
