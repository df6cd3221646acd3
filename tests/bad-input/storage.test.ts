import { expect, test, vi } from 'vitest'
import { MemoryEngine } from '../../packages/server/src/log/engines/memory.js'
import { createTestChannel } from '../support/channel.js'
import { startTestServer } from '../support/test-server.js'

test('storage that fails is told with each request and reported once', async () => {
  const reports: unknown[] = []
  const server = await startTestServer({ onMistake: (error) => reports.push(error) })
  const channel = await createTestChannel(server)
  await channel.publish('kept')
  const commit = vi.spyOn(MemoryEngine.prototype, 'commit').mockRejectedValueOnce(new Error('no space left'))
  for (const method of ['POST', 'POST', 'DELETE']) {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(channel.url, { method, headers, ...(method === 'POST' && { body: '1' }) })
    expect(answer.status).toBe(503)
    expect(await answer.json()).toMatchObject({ code: 'storage-unavailable' })
  }
  commit.mockRestore()
  expect(reports).toHaveLength(1)
  // What was kept can still be read.
  expect(await (await fetch(channel.url)).json()).toEqual(['kept'])
})
