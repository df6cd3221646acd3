import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Browser, chromium, type Page } from 'playwright-core'
import { type RunningServer, startServer } from 'tidings'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../support/raw-connection.js'
import { findProgram, requirement } from '../support/requirements.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement('Chromium', executablePath !== undefined, 'foreign pages in a real browser')

/** Names of other sites, which this browser finds on this machine. */
const hosts = { foreign: 'evil.example', listed: 'app.example' }

describe.skipIf(!hasChromium)('in real Chromium', () => {
  const site = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A site</title>')
  })
  let sitePort: number
  let server: RunningServer
  let browser: Browser

  beforeAll(async () => {
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    sitePort = (site.address() as AddressInfo).port
    const allowOrigin = [`http://${hosts.listed}:${sitePort}`]
    server = await startServer({ engine: 'memory', port: 0, allowOrigin })
    browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        `--host-resolver-rules=${Object.values(hosts)
          .map((host) => `MAP ${host} 127.0.0.1`)
          .join(', ')}`,
      ],
    })
  })
  afterAll(async () => {
    await browser?.close()
    site.closeAllConnections()
    site.close()
    await server?.close()
  })

  async function openPage(host: string, port: number): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(`http://${host}:${port}/`)
    return page
  }

  async function make(name: string, contentType: string, body: string): Promise<void> {
    const headers = { 'content-type': contentType }
    const answer = await ask(server.url, { method: 'PUT', target: `/v1/stream/${name}`, headers, body })
    expect(answer.status).toBe(201)
  }

  const contents = async (name: string) =>
    (await ask(server.url, { target: `/v1/stream/${name}?offset=-1` })).body

  test('a foreign page hears nothing and changes nothing, whatever it tries', async () => {
    await make('secret', 'application/json', '["secret"]')
    await make('text', 'text/plain', 'secret')
    const page = await openPage(hosts.foreign, sitePort)
    const outcomes = await page.evaluate(tryEverything, `${server.url}/v1/`)
    expect(outcomes).toEqual({
      fetch: 'TypeError',
      'fetch, long poll': 'TypeError',
      'fetch without CORS': 'TypeError',
      EventSource: 'error, closed',
      WebSocket: 'closed with 1006, heard nothing',
      'WebSocket with tidings.v1': 'closed with 1006, heard nothing',
      'WebSocket to /v1/socket': 'closed with 1006, heard nothing',
      script: 'error',
      'POST of JSON': 'TypeError',
      'POST of text': 'TypeError',
      'POST of text without CORS': 'TypeError',
      'POST of a form without CORS': 'TypeError',
      beacon: 'sent',
      'closing POST': 'TypeError',
      PUT: 'TypeError',
      DELETE: 'TypeError',
      'form of plain text': 'loaded',
    })
    expect(await contents('secret')).toBe('["secret"]')
    expect(await contents('text')).toBe('secret')
    const { channels } = JSON.parse((await ask(server.url, { target: '/v1/channels' })).body)
    expect(channels.map(({ name, closed }: { name: string; closed: boolean }) => [name, closed])).toEqual([
      ['secret', false],
      ['text', false],
    ])
  })

  test('a page whose name was pointed at this machine, on the server’s own port, is no page of the server', async () => {
    const { port } = new URL(server.url)
    const page = await browser.newPage()
    const response = await page.goto(`http://${hosts.foreign}:${port}/v1/channels`)
    expect(response?.status()).toBe(421)
    expect(await response?.json()).toMatchObject({ code: 'host-refused' })
    const own = await page.evaluate(async () => {
      const answers = await Promise.all([fetch('/v1/channels'), fetch('/v1/stream/mine', { method: 'PUT' })])
      return answers.map(({ status }) => status)
    })
    expect(own).toEqual([421, 421])
  })

  test('a page of a listed origin can hear and publish, in every way that pages have', async () => {
    const page = await openPage(hosts.listed, sitePort)
    expect(await page.evaluate(useEverything, `${server.url}/v1/stream/listed`)).toEqual({
      made: 201,
      posted: 204,
      read: '["posted"]',
      nextOffset: true,
      eventSource: '["posted"]',
      webSocket: ['"posted"', '"said"'],
    })
  })
})

/** Runs in the page: no closure reaches it. */
async function tryEverything(base: string): Promise<Record<string, string>> {
  const channel = `${base}stream/secret`
  const text = `${base}stream/text`
  const ask = (url: string, init?: RequestInit) =>
    fetch(url, init).then(
      async (answer) => `${answer.type}, status ${answer.status}, ${JSON.stringify(await answer.text())}`,
      (error: Error) => error.name,
    )
  const socket = (url: string, subprotocol?: string) =>
    new Promise<string>((resolve) => {
      const heard: unknown[] = []
      const webSocket = new WebSocket(url.replace('http', 'ws'), subprotocol ? [subprotocol] : [])
      webSocket.onopen = () => webSocket.send('"foreign"')
      webSocket.onmessage = ({ data }) => heard.push(data)
      webSocket.onclose = ({ code }) => resolve(`closed with ${code}, heard ${heard.join() || 'nothing'}`)
    })
  const eventSource = new Promise<string>((resolve) => {
    const source = new EventSource(`${channel}?live=sse&offset=-1`)
    source.addEventListener('data', ({ data }) => resolve(data))
    source.onerror = () => resolve(source.readyState === EventSource.CLOSED ? 'error, closed' : 'error')
  })
  const script = new Promise<string>((resolve) => {
    const element = document.createElement('script')
    element.src = `${channel}?offset=-1`
    element.onload = () => resolve('loaded')
    element.onerror = () => resolve('error')
    document.head.append(element)
  })
  const form = new Promise<string>((resolve) => {
    const frame = document.createElement('iframe')
    frame.name = 'target'
    document.body.append(frame)
    const element = document.createElement('form')
    Object.assign(element, { method: 'post', action: text, enctype: 'text/plain', target: 'target' })
    const field = document.createElement('input')
    Object.assign(field, { name: 'foreign', value: 'x' })
    element.append(field)
    document.body.append(element)
    frame.onload = () => resolve('loaded')
    element.submit()
  })
  const headers = { 'content-type': 'application/json' }
  const plain = { method: 'POST', body: 'foreign', headers: { 'content-type': 'text/plain' } }
  return {
    fetch: await ask(`${channel}?offset=-1`),
    'fetch, long poll': await ask(`${channel}?offset=-1&live=long-poll`),
    'fetch without CORS': await ask(`${channel}?offset=-1`, { mode: 'no-cors' }),
    EventSource: await eventSource,
    WebSocket: await socket(`${channel}?live=websocket&offset=-1`),
    'WebSocket with tidings.v1': await socket(`${channel}?live=websocket&offset=-1`, 'tidings.v1'),
    'WebSocket to /v1/socket': await socket(`${base}socket`, 'tidings.v1'),
    script: await script,
    'POST of JSON': await ask(channel, { method: 'POST', headers, body: '["foreign"]' }),
    'POST of text': await ask(text, plain),
    'POST of text without CORS': await ask(text, { ...plain, mode: 'no-cors' }),
    'POST of a form without CORS': await ask(text, {
      method: 'POST',
      body: new URLSearchParams({ foreign: 'x' }),
      mode: 'no-cors',
    }),
    beacon: navigator.sendBeacon(text, 'foreign') ? 'sent' : 'refused',
    'closing POST': await ask(text, { method: 'POST', headers: { 'stream-closed': 'true' } }),
    PUT: await ask(`${base}stream/made`, { method: 'PUT' }),
    DELETE: await ask(channel, { method: 'DELETE' }),
    'form of plain text': await form,
  }
}

/** Runs in the page: no closure reaches it. */
async function useEverything(channel: string) {
  const headers = { 'content-type': 'application/json' }
  const made = await fetch(channel, { method: 'PUT', headers })
  const posted = await fetch(channel, { method: 'POST', headers, body: '["posted"]' })
  const read = await fetch(`${channel}?offset=-1`)
  const eventSource = new Promise<string>((resolve, reject) => {
    const source = new EventSource(`${channel}?live=sse&offset=-1`)
    source.onerror = reject
    source.addEventListener('data', ({ data }) => {
      source.close()
      resolve(data as string)
    })
  })
  const webSocket = new Promise<string[]>((resolve, reject) => {
    const heard: string[] = []
    const socket = new WebSocket(`${channel.replace('http', 'ws')}?live=websocket&offset=-1`)
    socket.onerror = reject
    socket.onopen = () => socket.send('"said"')
    socket.onmessage = ({ data }) => {
      heard.push(data as string)
      if (heard.length === 2) socket.close()
    }
    socket.onclose = () => resolve(heard)
  })
  return {
    made: made.status,
    posted: posted.status,
    read: await read.text(),
    nextOffset: read.headers.get('stream-next-offset') === posted.headers.get('stream-next-offset'),
    eventSource: await eventSource,
    webSocket: await webSocket,
  }
}
