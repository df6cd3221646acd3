import { expect, test } from 'vitest'
import { browserOfFile, hasChromium } from '../lab/browser.js'
import { startTestServer } from '../support/test-server.js'
import { inPages, startSite } from './page.js'
import { runSequences, timeForMs } from './sequences.js'

const browser = browserOfFile()
const share = 10

test.runIf(hasChromium)(
  'whatever becomes of the network, pages lose, repeat and reorder nothing, and no error reaches the program',
  async () => {
    const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
    const place = { server: server.url, behind: server.url, live: inPages(browser(), await startSite()) }
    expect(await runSequences(place, share)).toBe('')
  },
  timeForMs(share),
)
