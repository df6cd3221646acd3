import type { ChannelOptions, Tidings, TidingsState } from '@tidings/client'
import { createChannel, postPublisher } from '@tidings/client/ways'
import type { Way } from '@tidings/protocol'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import type { RunningServer, ServerOptions } from 'tidings'
import { onTestFinished } from 'vitest'
import { startSite } from '../client/support/site.js'
import { findProgram, requirement } from '../support/requirements.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')

export const hasChromium = requirement(
  'Chromium',
  executablePath !== undefined,
  'tabs of a real browser that share a connection',
)

/** What a page is told in its address. */
export interface Hearing {
  readonly channels: readonly string[]
  readonly offset: string
  readonly shared?: { readonly group?: string; readonly ways?: Way }
}

interface Heard {
  readonly data: number
  readonly offset: string
  readonly atMs: number
}

/** What a page keeps for the test. */
interface Told {
  readonly heard: Record<string, Heard[]>
  readonly ways: { readonly way: string; readonly reason: string }[]
  readonly states: string[]
  readonly errors: string[]
}

export interface PageWorld {
  readonly told: Told
  readonly tidings: Tidings
  /** What a page waits for after each message. */
  pause: Promise<void>
  readonly hear: (channel: string, options: ChannelOptions<unknown>) => Promise<void>
  goOn?: () => void
}

const script = `
  import { connectShared } from '@tidings/client/tabs'
  const { server, channels, offset, shared } = JSON.parse(decodeURIComponent(location.hash.slice(1)))
  globalThis.told = { heard: {}, ways: [], states: [], errors: [] }
  globalThis.tidings = connectShared(server, shared)
  tidings.addEventListener('way', ({ detail }) => told.ways.push({ way: detail.way, reason: detail.reason }))
  tidings.addEventListener('state', ({ detail }) => told.states.push(detail.state))
  globalThis.pause = Promise.resolve()
  globalThis.hear = async (channel, options) => {
    const heard = (told.heard[channel] = [])
    try {
      for await (const event of tidings.channel(channel, options).events()) {
        heard.push({ data: event.data, offset: event.offset, atMs: Date.now() })
        await pause
      }
    } catch (error) {
      told.errors.push(error.code ?? String(error))
    }
  }
  for (const channel of channels) hear(channel, { offset })`

/** A page that hears. */
export class Tab {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  told(): Promise<Told> {
    return this.page.evaluate(() => (globalThis as unknown as PageWorld).told)
  }

  async heard(channel: string): Promise<number[]> {
    return (await this.told()).heard[channel]?.map(({ data }) => data) ?? []
  }

  /** Waits until a message has come. */
  async hears(channel: string, message: number): Promise<void> {
    await this.page.waitForFunction(
      ([channel, message]) =>
        (globalThis as unknown as PageWorld).told?.heard[channel]?.at(-1)?.data === message,
      [channel, message] as const,
      { polling: 20, timeout: 30_000 },
    )
  }

  /** Waits until the client is in this state. */
  async is(state: TidingsState): Promise<void> {
    await this.page.waitForFunction(
      (state) => (globalThis as unknown as PageWorld).tidings?.state === state,
      state,
      { polling: 20, timeout: 30_000 },
    )
  }

  /** Waits until this way carries. */
  async isOn(way: string): Promise<void> {
    await this.page.waitForFunction((way) => (globalThis as unknown as PageWorld).tidings?.way === way, way, {
      polling: 20,
      timeout: 30_000,
    })
  }

  /** Whether this page has the lock that makes it the leader. */
  leads(): Promise<boolean> {
    return this.page.evaluate(async () => {
      const own = `own ${Math.random()}`
      const { held = [] } = await navigator.locks.request(own, () => navigator.locks.query())
      const client = held.find(({ name }) => name === own)?.clientId
      return held.some(({ name, clientId }) => clientId === client && /^tidings .* $/.test(name ?? ''))
    })
  }
}

export interface Shop {
  /** Of the pages. */
  readonly site: string
  readonly server: RunningServer
  readonly publishers: Record<string, ReturnType<typeof postPublisher>>
  readonly context: BrowserContext
  open(hearing: Hearing): Promise<Tab>
  /** What the server counts: WebSockets that are open, subscriptions on them, and short polls that were answered. */
  sockets(): Promise<number>
  listeners(): Promise<number>
  shortPolls(): Promise<number>
}

/** A server with channels, and a browser whose pages hear them. */
export async function openShop(channels: readonly string[], options: ServerOptions = {}): Promise<Shop> {
  const server = await startTestServer({ longPollMs: 5_000, ...options })
  const publishers: Record<string, ReturnType<typeof postPublisher>> = {}
  for (const channel of channels) {
    const address = { server: server.url, channel }
    await createChannel(address)
    const publisher = postPublisher(address)
    onTestFinished(() => publisher.stop())
    publishers[channel] = publisher
  }
  const stats = statsOf(server)
  const site = await startSite(script)
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox'],
    // Playwright turns the back/forward cache off.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  onTestFinished(() => browser.close())
  const context = await browser.newContext()
  return {
    server,
    site,
    publishers,
    context,
    async open(hearing) {
      const page = await context.newPage()
      const asked = encodeURIComponent(JSON.stringify({ server: server.url, ...hearing }))
      await page.goto(`${site}#${asked}`)
      await page.waitForFunction(() => 'told' in globalThis)
      return new Tab(page)
    },
    sockets: async () => (await stats.now()).ways.websocket.connectionsOpen,
    listeners: async () => (await stats.now()).listeners,
    shortPolls: async () => (await stats.now()).ways['short-poll'].requests,
  }
}

/** @returns the one of them that leads, once one does */
export async function leaderOf(tabs: readonly Tab[]): Promise<Tab> {
  for (;;) {
    for (const tab of tabs) if (await tab.leads()) return tab
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
