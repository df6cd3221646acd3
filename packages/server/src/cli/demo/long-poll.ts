import { Agent } from 'node:http'
import type { Conversation, Seat } from './conversation.js'
import { Customer, messagesOf, nextOffsetOf } from './customer.js'
import { ask, named, urlOf } from './plain-http.js'

/** Long polling: the server holds each request until there is news or the hold is over. */
export const longPollConversation: Conversation = {
  title: 'Long polling, on a kept-alive connection',
  row: 'long polling, kept alive',
  explanation: ({ holdMs }) =>
    `The client asks, the server waits with the answer until there is news, here for at most ${holdMs} ms (a server's default is 25 s), and the client asks again at once. It ends when the client asks no more.`,
  way: 'long-poll',
  hold: (seat) => poll(seat, new Agent({ keepAlive: true }), 'closes the connection'),
}

export const freshLongPollConversation: Conversation = {
  ...longPollConversation,
  title: 'Long polling, each request on a fresh connection',
  row: 'long polling, fresh',
  explanation: () =>
    'The same, but every request opens a connection of its own, and the server closes it behind the answer.',
  hold: (seat) => poll(seat, new Agent({ keepAlive: false }), 'no connection is open'),
}

async function poll(seat: Seat, agent: Agent, ending: string): Promise<void> {
  const { server, shop, transcript } = seat
  const customer = new Customer(seat, agent)
  let offset = shop.offset
  while (!customer.isServed) {
    const answer = await ask(agent, `${urlOf(server, shop.cakes)}?offset=${offset}&live=long-poll`, {
      onSent: (connection) => {
        transcript.say('client', 'Is the cake ready? I can wait.', `GET ${named(connection)}`)
        transcript.meanwhile('the server holds the request')
      },
    })
    offset = nextOffsetOf(answer, offset)
    if (answer.status === 204) transcript.say('server', 'Not yet. Ask again.', '204, the hold is over')
    for (const text of messagesOf(answer)) await customer.hear(text, `200 ${answer.body}`)
  }
  agent.destroy()
  transcript.say('client', '(asks no more)', ending)
}
