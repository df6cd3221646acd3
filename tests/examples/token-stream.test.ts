import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { startRelay } from '../support/relay.js'
import {
  accessibilityFaults,
  hasChromium,
  metric,
  openBrowser,
  openTab,
  says,
  startExample,
} from './example.js'

async function ask(tab: Page, question: string): Promise<void> {
  await tab.getByLabel('Your question').fill(question)
  await tab.getByRole('button', { name: 'Ask' }).click()
  await waitForTokens(tab, 1)
}

async function waitForTokens(tab: Page, count: number): Promise<void> {
  await tab.waitForFunction(
    (least) => Number(document.querySelector<HTMLElement>('[data-metric="tokens"]')?.dataset.value) >= least,
    count,
  )
}

/** The answer as it stands in the channel, and how it ended. */
async function answerOf(server: string, tab: Page) {
  const id = new URLSearchParams(new URL(tab.url()).hash.slice(1)).get('answer')
  const answer = await fetch(`${server}/v1/stream/answers/${id}?offset=-1`)
  const messages = (await answer.json()) as { token?: string; end?: string }[]
  return {
    text: messages.map(({ token }) => token ?? '').join(''),
    tokens: messages.length - 1,
    end: messages.at(-1)?.end,
    isClosed: answer.headers.get('stream-closed') === 'true',
  }
}

const textOf = (tab: Page) => tab.locator('#text').evaluate((element) => element.textContent ?? '')

test.runIf(hasChromium)(
  'an answer survives reloads in its middle: nothing stands twice, nothing is missing',
  async () => {
    const { url, server } = await startExample('token-stream')
    const tab = await openTab(await openBrowser(), url)
    const asked: string[] = []
    tab.on('request', (request) => asked.push(request.url()))
    await ask(tab, 'What is an offset?')

    for (const count of [20, 45, 70]) {
      await waitForTokens(tab, count)
      const before = await textOf(tab)
      await tab.reload()
      expect((await textOf(tab)).startsWith(before)).toBe(true)
    }
    await says(tab, 'good', /complete/)

    const answer = await answerOf(server, tab)
    expect(answer).toMatchObject({ end: 'complete', isClosed: true })
    expect(await textOf(tab)).toBe(answer.text)
    expect(await metric(tab, 'tokens')).toBe(String(answer.tokens))
    expect(await metric(tab, 'resumes')).toBe('3')
    // It went on from where it was, and did not read all again.
    const offsets = asked
      .filter((each) => each.includes('live=sse'))
      .map((each) => new URL(each).searchParams.get('offset'))
    expect(offsets).toHaveLength(4)
    expect(offsets.slice(1)).not.toContain('-1')

    await tab.reload()
    expect(await textOf(tab)).toBe(answer.text)
    await says(tab, 'good', /complete/)
  },
)

test.runIf(hasChromium)('an answer goes on through cuts of the connection', async () => {
  const { url, server } = await startExample('token-stream')
  const relay = await startRelay(server)
  const tab = await openTab(await openBrowser({ server, by: relay.url }), url)
  await ask(tab, 'What happens at a cut?')
  for (const count of [10, 40]) {
    await waitForTokens(tab, count)
    relay.cut()
    await says(tab, 'bad', /connection is lost/)
  }
  await says(tab, 'good', /complete/)
  expect(await textOf(tab)).toBe((await answerOf(server, tab)).text)
})

test.runIf(hasChromium)(
  'another tab reads the same answer from its beginning; the same question has the same answer',
  async () => {
    const { url, server } = await startExample('token-stream')
    const browser = await openBrowser()
    const tab = await openTab(browser, url)
    await ask(tab, 'Who reads along?')
    await waitForTokens(tab, 15)
    const [another, again] = [await openTab(browser, tab.url()), await openTab(browser, url)]
    await ask(again, ' who READS along?')
    for (const each of [tab, another, again]) await says(each, 'good', /complete/)

    const { text } = await answerOf(server, tab)
    expect(await textOf(another)).toBe(text)
    expect(await metric(another, 'resumes')).toBe('0')
    expect(await textOf(again)).toBe(text)
    expect(again.url()).not.toBe(tab.url())
  },
)

test.runIf(hasChromium)(
  'an answer that the server does not have, and a server that is gone, are told in words',
  async () => {
    const { url, end } = await startExample('token-stream')
    const browser = await openBrowser()
    const lost = await openTab(browser, `${url}#answer=00000000-0000-4000-8000-000000000000`)
    await says(lost, 'bad', /has this answer no longer/)

    const tab = await openTab(browser, url)
    await ask(tab, 'Is anybody there?')
    expect(await accessibilityFaults(tab)).toEqual([])
    await end('SIGKILL')
    await says(tab, 'bad', /connection is lost/)
    await tab.getByRole('button', { name: 'Ask' }).click()
    await says(tab, 'bad', /nothing was asked/)
  },
)

test.runIf(hasChromium)(
  'questions that are none, and posts that a form of another site could send, are refused',
  async () => {
    const { url } = await startExample('token-stream')
    const post = async (body: string, contentType: string) => {
      const answer = await fetch(`${url}answers`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      })
      return answer.status
    }
    expect(await post('{"question":"Why?"}', 'text/plain')).toBe(415)
    expect(await post('{"question":', 'application/json')).toBe(400)
    expect(await post('{"question":""}', 'application/json')).toBe(400)
    expect(await post(JSON.stringify({ question: 'x'.repeat(501) }), 'application/json')).toBe(400)
    expect(await post(JSON.stringify('x'.repeat(20_000)), 'application/json')).toBe(400)
    expect(await post('{"question":"Why?"}', 'application/json')).toBe(201)
  },
)
