import { Agent, type IncomingMessage } from 'node:http'
import type { Conversation } from './conversation.js'
import { Customer } from './customer.js'
import { begin, named, urlOf } from './plain-http.js'

/** Server-Sent Events: one response stays open; the client talks back over another connection. */
export const sseConversation: Conversation = {
  title: 'Server-Sent Events',
  row: 'Server-Sent Events',
  explanation: () =>
    'The client asks once, the answer stays open and the server writes into it whenever there is news. The client talks back by POST, on a second connection that is used again. It ends when the server closes: the baker says that this was all.',
  way: 'sse',

  async hold(seat) {
    const { server, shop, transcript } = seat
    const agent = new Agent({ keepAlive: true })
    const customer = new Customer(seat, agent)
    const response = await begin(agent, `${urlOf(server, shop.cakes)}?offset=${shop.offset}&live=sse`, {
      headers: { accept: 'text/event-stream' },
      onSent: (connection) =>
        transcript.say('client', 'Tell me whenever there is cake.', `GET ${named(connection)}`),
    })
    transcript.say('server', 'I will.', `${response.statusCode} ${response.headers['content-type']}`)
    transcript.meanwhile('the response stays open; the client waits')
    for await (const { event, data } of events(response)) {
      if (event !== 'data') continue
      for (const text of JSON.parse(data) as string[]) await customer.hear(text, `event: data  data:${data}`)
    }
    transcript.say('server', '(that was all)', 'ends the response: the channel is closed')
    agent.destroy()
  },
}

interface Event {
  readonly event: string
  readonly data: string
}

/** Enough for what this very server writes; the client has a parser for all that the standard allows. */
async function* events(response: IncomingMessage): AsyncGenerator<Event, void, void> {
  let rest = ''
  for await (const text of response.setEncoding('utf8')) {
    const blocks = (rest + text).split('\n\n')
    rest = blocks.pop() as string
    for (const block of blocks) yield { event: fieldOf(block, 'event'), data: fieldOf(block, 'data') }
  }
}

function fieldOf(block: string, name: string): string {
  const line = block.split('\n').find((each) => each.startsWith(`${name}:`)) ?? ''
  return line.slice(name.length + 1).trimStart()
}
