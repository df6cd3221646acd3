import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { inNode } from './in-node.js'
import { runSequences, timeForMs } from './sequences.js'

const share = 20

test(
  'whatever becomes of the network, nothing is lost, repeated or reordered, and no error reaches the program',
  async () => {
    const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
    const place = { server: server.url, behind: server.url, live: inNode }
    expect(await runSequences(place, share)).toBe('')
  },
  timeForMs(share),
)
