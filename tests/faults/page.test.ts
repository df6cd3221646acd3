import { expect, test } from 'vitest'
import { browserOfFile, hasChromium } from '../lab/browser.js'
import { startTestServer } from '../support/test-server.js'
import { inPage } from './page.js'
import { runSequences, timeForMs } from './sequences.js'

const browser = browserOfFile()
const share = 10

test.runIf(hasChromium)(
  'whatever becomes of the network, a page loses, repeats and reorders nothing, and no error reaches the program',
  async () => {
    const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
    const place = { server: server.url, behind: server.url, live: await inPage(browser()) }
    const { wrong, carried, retries } = await runSequences(place, share)
    expect(wrong).toBe('')
    // The faults were felt, and each way carried in spite of them.
    expect(retries).toBeGreaterThan(0)
    expect(Math.min(...Object.values(carried))).toBeGreaterThan(0)
  },
  timeForMs(share),
)
