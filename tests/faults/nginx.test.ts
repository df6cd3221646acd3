import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { hasNginx, settingsFromPage, startNginx } from '../support/proxies.js'
import { startTestServer } from '../support/test-server.js'
import { inNode } from './in-node.js'
import { runSequences, timeForMs } from './sequences.js'

const share = 5

test.runIf(hasNginx).each([
  ['with its default settings', 'plain', ['websocket']],
  ['as it is recommended', 'recommended', []],
  ['that buffers whatever it is told', 'buffering', ['websocket']],
] as const)(
  'behind nginx %s nothing is lost, repeated or reordered, and no error reaches the program',
  async (_, settings, impassable) => {
    // A name of the proxy's own network comes as Host.
    const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000, public: true })
    const proxy = await startNginx(await settingsFromPage(settings), { server: server.url })
    const kinds = ['default', 'own-order', 'slow', 'restless', ...ways]
    const place = {
      server: server.url,
      behind: proxy.url,
      live: inNode,
      kinds: kinds.filter((kind) => !impassable.some((way) => way === kind)),
    }
    const { wrong, carried, retries } = await runSequences(place, share)
    expect(wrong).toBe('')
    // The faults were felt, and each way carried in spite of them.
    expect(retries).toBeGreaterThan(0)
    expect(ways.filter((way) => carried[way] === 0)).toEqual(impassable)
  },
  timeForMs(share),
)
