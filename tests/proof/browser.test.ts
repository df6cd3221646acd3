import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { findProgram, requirement } from '../support/requirements.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { newId } from './support.js'

const executablePath = findProgram('chromium', 'chromium-browser', 'google-chrome')
const hasChromium = requirement('Chromium', executablePath !== undefined, 'a proof from a real page')

/** Runs in the page: no closure reaches it. */
async function proveInPage(url: string) {
  const asking = fetch(url, { method: 'POST' }).then((answer) => answer.json())
  const source = new EventSource(url)
  const heard = await new Promise<string>((resolve) => {
    source.onmessage = ({ data }) => resolve(data)
  })
  const { nonce } = await asking
  const state = source.readyState
  source.close()
  return { heard, nonce, isOpen: state === EventSource.OPEN }
}

test.runIf(hasChromium)('a page asks for both at once, also one of another origin', async () => {
  const [server, other] = [await startTestServer(), await startTestServer()]
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox'],
  })
  onTestFinished(() => browser.close())
  const tab = await browser.newPage()
  for (const page of [server, other]) {
    await tab.goto(`${page.url}/`)
    const { heard, nonce, isOpen } = await tab.evaluate(proveInPage, `${server.url}/v1/proof/${newId()}`)
    expect(heard).toMatch(/^[\w-]{22}$/)
    expect({ nonce, isOpen }).toEqual({ nonce: heard, isOpen: true })
  }
  await statsOf(server).untilNothingIsHeld()
})
