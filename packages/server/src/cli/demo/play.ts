import { startServer } from '../../index.js'
import { CakeShop } from './cake-shop.js'
import type { Conversation } from './conversation.js'
import { type CostRow, costTable, reading } from './cost-table.js'
import { costBetween, readCounters } from './costs.js'
import { freshLongPollConversation, longPollConversation } from './long-poll.js'
import type { Pace } from './pace.js'
import { shortPollConversation } from './short-poll.js'
import { sseConversation } from './sse.js'
import type { Transcript } from './transcript.js'
import { webSocketConversation } from './websocket.js'

const conversations: readonly Conversation[] = [
  shortPollConversation,
  longPollConversation,
  freshLongPollConversation,
  sseConversation,
  webSocketConversation,
]

const legend =
  'requests, empty: what the customer asked, and answers without news. bytes: all that went through its sockets, with ' +
  'request lines, headers and frames; what it takes to open a connection below HTTP is not among them. payload: the news ' +
  "itself; share: its part of all bytes. delay: from the baker's saying to the customer's hearing, the mean of two."

/** Starts a server and plays the same talk in each way, one after the other; then says what each has cost. */
export async function play(transcript: Transcript, pace: Pace): Promise<void> {
  const server = await startServer({ engine: 'memory', port: 0, longPollMs: pace.holdMs })
  try {
    transcript.text(
      `A cake shop at ${server.url}: a baker bakes, a customer (C) asks the server (S) for cake and for more of it.`,
    )
    const rows: CostRow[] = []
    for (const conversation of conversations) {
      rows.push(await talk(conversation, { server: server.url, pace, transcript }))
    }
    transcript.heading('What each way has cost')
    transcript.block(costTable(rows))
    transcript.text(`${reading(rows)}\n`)
    transcript.aside(legend)
  } finally {
    await server.close()
  }
}

async function talk(
  { way, row, title, explanation, hold }: Conversation,
  { server, pace, transcript }: { server: string; pace: Pace; transcript: Transcript },
): Promise<CostRow> {
  const shop = await CakeShop.open({
    server,
    pace,
    name: row.toLowerCase().replaceAll(/\W+/g, '-'),
    baker: way === 'websocket' ? 'sse' : 'websocket',
    closesAfterThanks: way === 'sse',
  })
  try {
    const before = await readCounters(server)
    transcript.begin(title, explanation(pace))
    shop.startBaking()
    await hold({ server, shop, pace, transcript })
    const after = await readCounters(server)
    return { name: row, ...costBetween(before, after, way), delayMs: shop.meanDelayMs }
  } finally {
    await shop.close()
  }
}
