import { postPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { createTestChannel } from '../support/channel.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { hearUntil, messagesIn } from '../support/ways.js'

const kinds = [
  { contentType: 'application/json', messages: ['one', 'two', 'three', 'four'] },
  { contentType: 'text/plain', messages: ['one ', 'zwölf ', 'three ', 'four'] },
  {
    contentType: 'image/png',
    messages: [1, 2, 3, 4].map((byte) => Uint8Array.from({ length: byte }, () => byte)),
  },
]

for (const { contentType, messages } of kinds) {
  test(`whoever published to ${contentType} may read on from what it was told, on every way, also within a commit`, async () => {
    const server = await startTestServer()
    const disk = standingDisk()
    const channel = await createTestChannel(server, { contentType })
    await channel.publish(messages[0])
    // What comes while the disk stands is kept together: the offsets lie within one batch.
    disk.stand()
    const publishing: Promise<{ nextOffset: string }>[] = []
    for (const message of messages) {
      publishing.push(postPublisher(channel, { contentType }).publish([message]))
      await statsOf(server).until(({ ways }) => ways.publish.requests === publishing.length + 1)
    }
    disk.goOn()
    const offsets = (await Promise.all(publishing)).map(({ nextOffset }) => nextOffset)
    const end = offsets.at(-1) as string
    expect(new Set(offsets).size).toBe(messages.length)

    for (const way of ways) {
      for (const [index, offset] of offsets.slice(0, -1).entries()) {
        const heard = await hearUntil(
          channel,
          { way, offset },
          (batches) => batches.at(-1)?.nextOffset === end,
        )
        const expected = messages.slice(index + 1).map((message) => bytesOf(message, contentType))
        const bytes = messagesIn(heard).map((message) => Buffer.from(message as Uint8Array))
        expect([way, Buffer.concat(bytes).toString('latin1')]).toEqual([
          way,
          Buffer.concat(expected).toString('latin1'),
        ])
      }
    }
  })
}

test('an offset within a message is none that was given out, and is refused', async () => {
  const server = await startTestServer()
  const channel = await createTestChannel(server, { contentType: 'text/plain' })
  const offset = await channel.publish('whole')
  const within = offset.replace(/5$/, '3')
  const answer = await fetch(channel.reading({ offset: within }))
  expect(answer.status).toBe(410)
  expect(await answer.json()).toMatchObject({ code: 'history-changed' })
})

function bytesOf(message: string | Uint8Array, contentType: string): Buffer {
  return Buffer.from((contentType === 'application/json' ? JSON.stringify(message) : message) as Uint8Array)
}
