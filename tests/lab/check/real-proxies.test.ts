import { expect, test } from 'vitest'
import { hasHaproxy, hasNginx, settingsFromPage, startHaproxy, startNginx } from '../../support/proxies.js'
import { startTestServer } from '../../support/test-server.js'
import { browserOfFile, hasChromium } from '../browser.js'
import { CheckPage, patient, type Waits } from './check-page.js'

// What docs/proxies.md says of its proxies, the page finds out by itself.

const browser = browserOfFile()

const fourWays: Waits = {
  ...patient,
  only: 'short-poll,long-poll,sse,websocket',
  'held-ms': 50,
  'hold-seconds': 1,
}

async function sentenceBehind(
  proxy: 'nginx' | 'haproxy',
  settings: string,
  waits: Waits = fourWays,
): Promise<{ readonly page: CheckPage; readonly sentence: string }> {
  const server = await startTestServer()
  const start = proxy === 'nginx' ? startNginx : startHaproxy
  const { url } = await start(await settingsFromPage(settings, proxy), { server: server.url })
  const page = await CheckPage.open(browser(), url, waits)
  return { page, sentence: (await page.verdict()).sentence }
}

const behindNginx = test.runIf(hasChromium && hasNginx)
const behindHaproxy = test.runIf(hasChromium && hasHaproxy)

behindNginx.each(['recommended', 'cache'])('all four ways work behind nginx: %s', async (settings) => {
  const { sentence } = await sentenceBehind('nginx', settings)
  expect(sentence).toBe('All four ways work here.')
})

behindHaproxy('all four ways work behind HAProxy', async () => {
  const { sentence } = await sentenceBehind('haproxy', 'plain')
  expect(sentence).toBe('All four ways work here.')
})

behindNginx.each(['plain', 'kept'])(
  'behind nginx without Upgrade it says what to pass on: %s',
  async (settings) => {
    const { page, sentence } = await sentenceBehind('nginx', settings)
    expect(sentence).toBe('WebSocket does not pass: use SSE.')
    const { evidence, advice } = await page.finding('websocket')
    expect(evidence).toContain('most likely that header was dropped on the way')
    expect(advice).toContain('proxy_set_header Upgrade $http_upgrade;')
  },
)

behindNginx('nginx that buffers, whatever it is told, is proven to', async () => {
  const waits = { ...patient, only: 'short-poll,sse', 'patience-ms': 500 }
  const { page, sentence } = await sentenceBehind('nginx', 'buffering', waits)
  expect(sentence).toBe('SSE does not pass: use short polling.')
  const { evidence, advice } = await page.finding('sse')
  expect(evidence).toContain('something on the way buffers')
  expect(advice).toContain('proxy_ignore_headers X-Accel-Buffering')
})
