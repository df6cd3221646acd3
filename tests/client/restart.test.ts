import { createChannel, postPublisher, read, socketPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { startServer } from 'tidings'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../support/test-server.js'
import { Hearing } from './support/hear.js'
import { webSocket } from './support/socket-server.js'

test('readers of all four ways and both publishers go on when the server is back', async () => {
  const settings = {
    engine: 'disk',
    data: await temporaryFolder(),
    durability: 'os',
    longPollMs: 200,
  } as const
  const before = await startServer({ ...settings, port: 0 })
  const address = { server: before.url, channel: 'cake' }
  await createChannel(address)
  const publishers = [postPublisher(address), socketPublisher(address, { webSocket })]
  const hearings = ways.map((way) => new Hearing(read(address, { way, webSocket, intervalMs: 20 })))
  for (const [index, publisher] of publishers.entries()) await publisher.publish([`before ${index}`])
  for (const hearing of hearings) {
    expect((await hearing.messages(2)).messages).toEqual(['before 0', 'before 1'])
  }

  const waiting = hearings.map((hearing) => hearing.messages(2))
  await before.close()
  const published = publishers.map((publisher, index) => publisher.publish([`after ${index}`]))
  const after = await startServer({ ...settings, port: before.settings.port })
  onTestFinished(() => after.close())
  const order = (await Promise.all(published))
    .map(({ nextOffset }, index) => ({ nextOffset, message: `after ${index}` }))
    .sort((one, other) => (one.nextOffset < other.nextOffset ? -1 : 1))
    .map(({ message }) => message)
  for (const heard of await Promise.all(waiting)) expect(heard.messages).toEqual(order)

  await Promise.all(hearings.map((hearing) => hearing.leave()))
  await Promise.all(publishers.map((publisher) => publisher.stop()))
})
