import { createChannel, postPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ownLinks } from '../../../packages/client/src/links/index.js'
import { startTestServer } from '../../support/test-server.js'
import { webSocket } from '../support/socket-server.js'
import { Listener, networkTo } from './listener.js'

describe.each(ways)('the link %s', (way) => {
  async function start() {
    const server = await startTestServer({ longPollMs: 300, heartbeatMs: 200 })
    const cake = { server: server.url, channel: 'cake' }
    const tea = { server: server.url, channel: 'tea' }
    await Promise.all([createChannel(cake), createChannel(tea)])
    const publishers = { cake: postPublisher(cake), tea: postPublisher(tea) }
    onTestFinished(async () => {
      await Promise.all([publishers.cake.stop(), publishers.tea.stop()])
    })
    const network = networkTo(server.url, { webSocket, intervalMs: 20 })
    const listener = new Listener()
    const link = ownLinks.opened[way](listener, network)
    onTestFinished(() => link.close())
    return { server, publishers, network, listener, link }
  }

  test('carries many channels, each from its own offset, and says that it is up', async () => {
    const { publishers, listener, link } = await start()
    await publishers.cake.publish([1, 2, 3])
    const { nextOffset } = await publishers.tea.publish(['a'])
    link.hear(listener.hearing('cake', '-1'))
    link.hear(listener.hearing('tea', nextOffset))
    await listener.messages('cake', 3)
    await listener.isUp
    await publishers.tea.publish(['b'])
    await publishers.cake.publish([4])
    expect(await listener.messages('tea', 1)).toEqual(['b'])
    expect(await listener.messages('cake', 4)).toEqual([1, 2, 3, 4])
  })

  test('takes a channel in while it carries another, and loses nothing of either', async () => {
    const { publishers, listener, link } = await start()
    link.hear(listener.hearing('cake', '-1'))
    await publishers.cake.publish([1])
    await listener.messages('cake', 1)
    link.hear(listener.hearing('tea', '-1'))
    await Promise.all([publishers.cake.publish([2]), publishers.tea.publish(['a'])])
    expect(await listener.messages('tea', 1)).toEqual(['a'])
    expect(await listener.messages('cake', 2)).toEqual([1, 2])
  })

  test('tells nothing of a channel that was left, and goes on from its offset when it is heard again', async () => {
    const { publishers, listener, link } = await start()
    const cake = listener.hearing('cake', '-1')
    link.hear(cake)
    link.hear(listener.hearing('tea', '-1'))
    await publishers.cake.publish([1])
    await listener.messages('cake', 1)
    link.leave(cake)
    await publishers.cake.publish([2])
    await publishers.tea.publish(['a'])
    await listener.messages('tea', 1)
    expect(listener.heard('cake')).toEqual([1])
    link.hear(cake)
    expect(await listener.messages('cake', 2)).toEqual([1, 2])
  })

  test('starts each channel with its own last messages, and with what was kept since', async () => {
    const { publishers, listener, link } = await start()
    await publishers.cake.publish([1, 2, 3])
    await publishers.tea.publish(['a', 'b', 'c', 'd'])
    link.hear(listener.hearing('cake', { last: 1 }))
    link.hear(listener.hearing('tea', { last: 2 }))
    expect(await listener.messages('cake', 1)).toEqual([3])
    expect(await listener.messages('tea', 2)).toEqual(['c', 'd'])
    await publishers.cake.publish([4])
    expect(await listener.messages('cake', 2)).toEqual([3, 4])
  })

  test('tells of one channel that it is unknown, and of another that it is closed, and goes on', async () => {
    const { publishers, listener, link } = await start()
    link.hear(listener.hearing('nothing', '-1'))
    link.hear(listener.hearing('tea', '-1'))
    await publishers.tea.publish(['a'], { close: true })
    expect(await listener.end('nothing')).toMatchObject({
      type: 'error',
      code: 'channel-unknown',
      status: 404,
    })
    expect(await listener.end('tea')).toMatchObject({ type: 'closed' })
    link.hear(listener.hearing('cake', '-1'))
    await publishers.cake.publish([1])
    expect(await listener.messages('cake', 1)).toEqual([1])
  })

  test('has stood through a heartbeat after a while', async () => {
    const { listener, link, network } = await start()
    network.quietMs = 400
    link.hear(listener.hearing('cake', '-1'))
    await listener.hasLasted
  })

  test('says that it is down when the server is gone', async () => {
    const { server, listener, link } = await start()
    link.hear(listener.hearing('cake', 'now'))
    await listener.isUp
    await server.close()
    expect((await listener.isDown).isTransient).toBe(true)
  })

  test('is proved without carrying', async () => {
    const { network } = await start()
    const listener = new Listener()
    const link = ownLinks.proved[way](listener, network)
    onTestFinished(() => link.close())
    link.hear(listener.hearing('cake', 'now'))
    await listener.isUp
  })
})

test('more channels than one request takes are heard in several', async () => {
  const server = await startTestServer({ longPollMs: 300 })
  const names = Array.from({ length: 70 }, (_, index) => `${'n'.repeat(200)}/${index}`)
  for (const channel of names) {
    const publisher = postPublisher({ server: server.url, channel })
    await createChannel({ server: server.url, channel })
    await publisher.publish([channel.length])
    await publisher.stop()
  }
  const listener = new Listener()
  const link = ownLinks.opened['long-poll'](listener, networkTo(server.url))
  onTestFinished(() => link.close())
  for (const name of names) link.hear(listener.hearing(name, '-1'))
  for (const name of names) expect(await listener.messages(name, 1)).toEqual([name.length])
})
