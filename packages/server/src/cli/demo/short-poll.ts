import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Conversation } from './conversation.js'
import { Customer, messagesOf, nextOffsetOf } from './customer.js'
import { ask, named, urlOf } from './plain-http.js'

/** Short polling: the client asks, the server answers at once, the client waits and asks again. */
export const shortPollConversation: Conversation = {
  title: 'Short polling',
  row: 'short polling',
  explanation: ({ intervalMs }) =>
    `The client asks, the server answers at once, the client waits ${intervalMs} ms and asks again. It ends when the client asks no more.`,
  way: 'short-poll',

  async hold(seat) {
    const { server, shop, pace, transcript } = seat
    const agent = new Agent({ keepAlive: true })
    const customer = new Customer(seat, agent)
    let offset = shop.offset
    let emptyTag: string | undefined
    while (!customer.isServed) {
      const answer = await ask(agent, `${urlOf(server, shop.cakes)}?offset=${offset}`, {
        headers: emptyTag === undefined ? {} : { 'if-none-match': emptyTag },
        onSent: (connection) => transcript.say('client', 'Is the cake ready?', `GET ${named(connection)}`),
      })
      const messages = messagesOf(answer)
      const isEmpty = messages.length === 0
      if (isEmpty) transcript.say('server', 'No, wait.', answer.status === 304 ? '304' : '200 []')
      for (const text of messages) await customer.hear(text, `200 ${answer.body}`)
      // Sent back, it says: only if there is more than this. The next empty answer is then a bare 304.
      emptyTag = isEmpty ? answer.headers.etag : undefined
      offset = nextOffsetOf(answer, offset)
      if (customer.isServed) break
      transcript.meanwhile('the client waits')
      await sleep(pace.intervalMs)
    }
    agent.destroy()
    transcript.say('client', '(asks no more)', 'closes the connection')
  },
}
