import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'
import { inNode } from './in-node.js'
import { runSequences, timeForMs } from './sequences.js'

const share = 15

test(
  'whatever becomes of the network, nothing is lost, repeated or reordered, and no error reaches the program',
  async () => {
    const server = await startTestServer({ longPollMs: 1_500, heartbeatMs: 1_000 })
    const place = { server: server.url, behind: server.url, live: inNode }
    const { wrong, carried, retries } = await runSequences(place, share)
    expect(wrong).toBe('')
    // The faults were felt, and each way carried in spite of them.
    expect(retries).toBeGreaterThan(0)
    expect(Math.min(...Object.values(carried))).toBeGreaterThan(0)
  },
  timeForMs(share),
)
