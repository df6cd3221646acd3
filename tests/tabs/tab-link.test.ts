import { createChannel, postPublisher } from '@tidings/client/ways'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ConnectionSettings } from '../../packages/client/src/connection/connection.js'
import type { Word } from '../../packages/client/src/tabs/air.js'
import { TabLink } from '../../packages/client/src/tabs/tab-link.js'
import { Listener, networkTo } from '../client/links/listener.js'
import { startTestServer } from '../support/test-server.js'

type Wish = { readonly type: string; readonly [fact: string]: unknown }

/** Locks of a browser in which this tab has its own, and another one leads for ever: the test. */
const locks = {
  request: (_name: string, options: object | (() => unknown)) =>
    typeof options === 'function' ? Promise.resolve(options()) : new Promise(() => {}),
}

const leads = (term: number): Word => ({
  ...{ term, type: 'status', count: 0 },
  status: { state: 'steady', way: 'sse' },
})

/** A tab that follows, and what its leader hears and says. */
async function follower(messages: readonly number[]) {
  vi.stubGlobal('navigator', { locks })
  const server = await startTestServer()
  const address = { server: server.url, channel: 'cake' }
  await createChannel(address)
  const publisher = postPublisher(address)
  const { nextOffset: offset } = await publisher.publish(messages)
  const history = offset.split('_')[0]
  const at = (position: number) => `${history}_${String(position).padStart(16, '0')}`
  const wishes: Wish[] = []
  const name = `tidings test ${Math.random()}`
  const air = new BroadcastChannel(name)
  air.onmessage = (event) => {
    wishes.push(...(event as MessageEvent<Wish[]>).data)
  }
  const listener = new Listener()
  const settings = {} as ConnectionSettings
  const link = new TabLink(listener, networkTo(server.url, { intervalMs: 50 }), { name, ways: [], settings })
  onTestFinished(async () => {
    link.close()
    air.close()
    await publisher.stop()
    vi.unstubAllGlobals()
  })
  const say = (...words: Word[]) => air.postMessage(words)
  const wish = (type: string) => vi.waitUntil(() => wishes.findLast((each) => each.type === type))
  const news = (term: number, begin: number, messages: number[]): Word => {
    const nextOffset = at(begin + messages.length)
    const envelope = { type: 'data', channel: 'cake', messages, nextOffset }
    return { term, type: 'news', channel: 'cake', entries: [{ at: at(begin), envelope, length: 100 }] }
  }
  /** The leader's answer to the last wish to hear. */
  const joined = async (term: number, from: number, more: Partial<Word> = {}): Promise<Word> => {
    const { tab, ask } = (await wish('hear')) as { tab?: string; ask?: number }
    const answer = { term, type: 'ring', channel: 'cake', tab, ask, from: at(from), entries: [], ...more }
    return answer as unknown as Word
  }
  await wish('ping')
  say(leads(1))
  await listener.isUp
  const hearing = listener.hearing('cake', at(0))
  link.hear(hearing)
  await listener.messages('cake', messages.length)
  return { link, hearing, listener, publisher, wishes, say, wish, news, joined, at }
}

test('a tab takes of an envelope what it has not heard yet', async () => {
  const { listener, say, news, joined } = await follower([1, 2, 3])
  say(await joined(1, 1), news(1, 0, [1, 2]), news(1, 1, [2, 3, 4]), news(1, 4, [5]))
  expect(await listener.messages('cake', 5)).toEqual([1, 2, 3, 4, 5])
})

test('a tab that misses something reads it by itself, and joins again', async () => {
  const { listener, publisher, say, news, joined, wishes } = await follower([1, 2, 3])
  say(await joined(1, 1), news(1, 3, [4]))
  await listener.messages('cake', 4)
  await publisher.publish([4, 5, 6])
  wishes.length = 0
  say(news(1, 5, [6]))
  await listener.messages('cake', 6)
  say(await joined(1, 6), news(1, 6, [7]))
  expect(await listener.messages('cake', 7)).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('a tab joins no feed that begins after its own place: it reads on by itself', async () => {
  const { listener, publisher, say, joined } = await follower([1])
  say(await joined(1, 3))
  await publisher.publish([2, 3])
  expect(await listener.messages('cake', 3)).toEqual([1, 2, 3])
})

test('a tab takes no answer for that to a later wish, and says when it hears a channel no more', async () => {
  const { link, hearing, listener, publisher, say, joined, wish, at } = await follower([1])
  const late = await joined(1, 1)
  link.leave(hearing)
  expect(await wish('leave')).toMatchObject({ channel: 'cake' })
  link.hear(listener.hearing('cake', at(1)))
  say(late)
  await publisher.publish([2])
  // It has not joined by that answer: it still reads.
  expect(await listener.messages('cake', 1)).toEqual([2])
})

test('a tab listens to the later of two leaders, and says to a new one where it is', async () => {
  const { listener, say, news, joined, wish, wishes } = await follower([1])
  say(await joined(1, 1))
  say(news(1, 1, [2]))
  await listener.messages('cake', 2)
  wishes.length = 0
  say(leads(2))
  expect(await wish('hear')).toMatchObject({ channel: 'cake' })
  say(news(1, 2, [-3]), news(2, 2, [3]))
  expect(await listener.messages('cake', 3)).toEqual([1, 2, 3])
})
