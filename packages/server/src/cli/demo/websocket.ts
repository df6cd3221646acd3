import { on, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { closeCode, path, type ServerEnvelope, subprotocol } from '@tidings/protocol'
import { WebSocket } from 'ws'
import { words } from './cake-shop.js'
import type { Conversation, Seat } from './conversation.js'

/** WebSocket: an HTTP request becomes a socket on which both sides speak whenever they like. */
export const webSocketConversation: Conversation = {
  title: 'WebSocket',
  row: 'WebSocket',
  explanation: () =>
    'The client asks once to change the protocol; from then on both sides speak on the same connection whenever they like. It ends when the client closes, and the server answers that.',
  way: 'websocket',

  async hold(seat) {
    const { transcript, server } = seat
    transcript.say('client', 'Can we talk?', `GET ${path.socket}, Upgrade: websocket`)
    const socket = new WebSocket(server.replace('http:', 'ws:') + path.socket, subprotocol)
    socket.once('upgrade', ({ socket: { localPort }, statusCode }: IncomingMessage) =>
      transcript.say('server', 'Yes.', `${statusCode} Switching Protocols, on :${localPort}`),
    )
    const messages = on(socket, 'message', { close: ['close'] })
    await once(socket, 'open')
    ask(seat, socket)
    for await (const [frame] of messages) {
      const isServed = hear(seat, socket, JSON.parse(String(frame)) as ServerEnvelope)
      if (isServed) break
    }
    transcript.say('client', 'Goodbye.', `close ${closeCode.normal}`)
    socket.close(closeCode.normal)
    const [code] = (await once(socket, 'close')) as [number]
    transcript.say('server', 'Goodbye.', `close ${code}`)
  },
}

function ask({ shop, transcript }: Seat, socket: WebSocket): void {
  transcript.say('client', 'Tell me whenever there is cake.', 'subscribe, on the socket')
  socket.send(JSON.stringify({ type: 'subscribe', channel: shop.cakes, offset: shop.offset }))
}

/** @returns whether the last word has been said, and acknowledged */
function hear(seat: Seat, socket: WebSocket, envelope: ServerEnvelope): boolean {
  const { shop, transcript } = seat
  if (envelope.type === 'published') {
    transcript.say('server', 'Noted.', 'published')
    return envelope.id === words.thanks
  }
  if (envelope.type === 'error') throw new Error(`${envelope.code}: ${envelope.detail}`)
  if (envelope.type !== 'data') return false
  if (envelope.messages.length === 0) {
    transcript.say('server', 'I will.', 'data, empty: this is the tail')
    transcript.meanwhile('the socket stays open; the client waits')
  }
  for (const text of envelope.messages as string[]) {
    shop.heard(text)
    transcript.say('server', text, `data ${JSON.stringify(envelope.messages)}`)
    talkBack(seat, socket, text === words.nextCake ? words.thanks : words.order)
  }
  return false
}

function talkBack({ shop, transcript }: Seat, socket: WebSocket, text: string): void {
  transcript.say('client', text, 'publish, on the same socket')
  // The text is the envelope's id as well, so that the answer says what it is to.
  socket.send(JSON.stringify({ type: 'publish', id: text, channel: shop.orders, messages: [text] }))
}
