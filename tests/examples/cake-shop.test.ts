import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import {
  accessibilityFaults,
  hasChromium,
  metric,
  openBrowser,
  openTab,
  says,
  startExample,
} from './example.js'

const ways = ['short-poll', 'long-poll', 'sse', 'websocket'] as const
type Way = (typeof ways)[number]

const waySays = {
  'short-poll': /Short polling: asks/,
  'long-poll': /Long polling: has asked/,
  sse: /one response stays open/,
  websocket: /one socket stays open/,
} as const

async function openShop() {
  const shop = await startExample('cake-shop')
  const browser = await openBrowser()
  const customer = await openTab(browser, shop.url)
  const asked = watchRequests(customer)
  await customer.getByText('Chocolate').click()
  await customer.getByRole('button', { name: 'Order it' }).click()
  await customer.locator('#steps li[data-way]').first().waitFor()
  const baker = await openTab(browser, `${shop.url}baker.html`)
  await baker.getByRole('button', { name: 'Next: Mixing' }).waitFor()
  return { shop, browser, customer, baker, asked }
}

/** What the page asked the server for, as paths and queries. */
function watchRequests(tab: Page): string[] {
  const asked: string[] = []
  tab.on('request', (request) => asked.push(request.url()))
  tab.on('websocket', (socket) => asked.push(socket.url()))
  return asked
}

async function choose(customer: Page, way: Way): Promise<void> {
  await customer.locator(`#ways label:has([value="${way}"])`).click()
}

/** The way over which each step was heard, in their order; null for those that were not. */
async function heardOver(customer: Page): Promise<(string | null)[]> {
  const steps = await customer.locator('#steps li').all()
  return Promise.all(steps.map((step) => step.getAttribute('data-way')))
}

async function tally(customer: Page) {
  return {
    heard: await metric(customer, 'heard'),
    lost: await metric(customer, 'lost'),
    twice: await metric(customer, 'twice'),
  }
}

test.runIf(hasChromium)(
  'an order is heard over each of the four ways in turn, until the cake is ready',
  async () => {
    const { customer, baker, asked } = await openShop()
    const turns: Way[] = ['long-poll', 'sse', 'websocket', 'short-poll', 'sse']

    for (const [index, way] of turns.entries()) {
      await choose(customer, way)
      await says(customer, 'good', waySays[way])
      await baker.getByRole('button', { name: /Next/ }).click()
      await customer.locator(`#steps li[data-way]:nth-child(${index + 2})`).waitFor()
    }
    await says(customer, 'good', /ready, and the order is closed/)

    expect(await heardOver(customer)).toEqual(['short-poll', ...turns])
    expect(await tally(customer)).toEqual({ heard: '6', lost: '0', twice: '0' })
    for (const sign of ['live=long-poll', 'live=sse', '/v1/socket', /orders\/\w+\?offset=[\d_]+$/]) {
      expect(asked).toContainEqual(expect.stringMatching(sign))
    }
  },
)

test.runIf(hasChromium)(
  'a customer who changes the way while the baker bakes misses no step and hears none twice',
  async () => {
    const { customer, baker } = await openShop()
    // The steps fall at any moment of a change: each is said while ways are changed as fast as a page can.
    const lifetime = new AbortController()
    onTestFinished(() => lifetime.abort())
    const hops = (async () => {
      let count = 0
      for (; !lifetime.signal.aborted; count += 1) {
        await customer.evaluate(
          (way) => {
            const input = document.querySelector<HTMLInputElement>(`#ways [value="${way}"]`)
            if (input !== null && !input.matches(':disabled')) input.click()
          },
          ways[count % ways.length],
        )
      }
      return count
    })()

    for (let step = 1; step <= 5; step += 1) {
      const next = baker.getByRole('button', { name: /Next/ })
      await next.click()
      if (step < 5) await baker.locator('button:enabled', { hasText: /Next/ }).waitFor()
    }
    await says(customer, 'good', /ready, and the order is closed/)
    lifetime.abort()

    expect(await hops).toBeGreaterThan(5)
    expect(await tally(customer)).toEqual({ heard: '6', lost: '0', twice: '0' })
  },
)

test.runIf(hasChromium)(
  'two bakers who move the same order on at the same time say its step once',
  async () => {
    const { shop, browser, customer, baker } = await openShop()
    const other = await openTab(browser, `${shop.url}baker.html`)
    await other.getByRole('button', { name: 'Next: Mixing' }).waitFor()

    await Promise.all(
      [baker, other].map((tab) => tab.evaluate(() => document.querySelector('button')?.click())),
    )
    for (const tab of [baker, other]) await tab.getByRole('button', { name: 'Next: In the oven' }).waitFor()
    await customer.locator('#steps li[data-way]:nth-child(2)').waitFor()

    expect(await tally(customer)).toEqual({ heard: '2', lost: '0', twice: '0' })
  },
)

test.runIf(hasChromium)(
  'a reload goes on with the same order, and another page of it hears the same',
  async () => {
    const { browser, customer, baker } = await openShop()
    await baker.getByRole('button', { name: /Next/ }).click()
    await customer.locator('#steps li[data-way]:nth-child(2)').waitFor()

    await customer.reload()
    const another = await openTab(browser, customer.url())
    for (const tab of [customer, another]) {
      await tab.locator('#steps li[data-way]:nth-child(2)').waitFor()
      expect(await tally(tab)).toEqual({ heard: '2', lost: '0', twice: '0' })
    }
  },
)

test.runIf(hasChromium)('a shop that is gone is told in words, over every way', async () => {
  const { shop, customer, baker } = await openShop()
  await shop.end('SIGKILL')
  for (const way of ways) {
    await choose(customer, way)
    await says(customer, 'bad', /can not be reached. Asking again/)
  }
  await says(baker, 'bad', /can not be reached/)
})

test.runIf(hasChromium)('customer and baker can be used with a keyboard and a screen reader', async () => {
  const { customer, baker } = await openShop()
  expect(await accessibilityFaults(customer)).toEqual([])
  expect(await accessibilityFaults(baker)).toEqual([])
})
