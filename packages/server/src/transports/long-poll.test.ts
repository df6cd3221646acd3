import { expect, test } from 'vitest'
import { Hub } from '../hub/index.js'
import { MemoryEngine } from '../log/engines/memory.js'
import { Log } from '../log/index.js'
import type { Answer, Exchange } from './exchange.js'
import { longPoll } from './long-poll.js'
import type { Reading, Station } from './transport.js'

test('a poll that is answered is not told that the channel went with the same commit', async () => {
  const log = new Log(new MemoryEngine())
  const spec = { contentType: 'application/json', messages: [] }
  const { channel } = await log.create('cake', spec)
  // On whose account what is in the channel stays, and is kept with its end.
  await log.create('fork', { ...spec, fork: { source: 'cake', subOffset: 0 } })
  const answers: Answer[] = []
  const troubles: unknown[] = []
  await longPoll.open(
    { log, hub: new Hub(log), holds: new Set(), now: Date.now } as unknown as Station,
    {
      checkMayBegin: () => {},
      onGone: () => {},
      respond: (answer) => answers.push(answer),
      fail: (error) => troubles.push(error),
    } as Partial<Exchange> as Exchange,
    { channel, position: 0, holdMs: 10_000, cursor: null } as Partial<Reading> as Reading,
  )
  const appended = log.append(channel, { messages: [Buffer.from('"ready"')] })
  await log.remove('cake')
  await appended
  expect(answers.map(({ status, body }) => [status, String(body)])).toEqual([[200, '["ready"]']])
  expect(troubles).toEqual([])
})
