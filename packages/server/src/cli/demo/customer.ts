import type { Agent } from 'node:http'
import { header } from '@tidings/protocol'
import { words } from './cake-shop.js'
import type { Seat } from './conversation.js'
import { ask, named, type PlainAnswer, urlOf } from './plain-http.js'

/**
 * What a customer does in any way that hears over HTTP: takes the news, and answers it over another request,
 * a POST.
 */
export class Customer {
  readonly #seat: Seat
  readonly #agent: Agent
  #isServed = false

  constructor(seat: Seat, agent: Agent) {
    this.#seat = seat
    this.#agent = agent
  }

  /** Has had all the cake that was wanted. */
  get isServed(): boolean {
    return this.#isServed
  }

  /** News that has come, with what carried it. */
  async hear(text: string, detail: string): Promise<void> {
    this.#seat.shop.heard(text)
    this.#seat.transcript.say('server', text, detail)
    this.#isServed = text === words.nextCake
    await this.#talkBack(this.#isServed ? words.thanks : words.order)
  }

  async #talkBack(text: string): Promise<void> {
    const { server, shop, transcript } = this.#seat
    const { status } = await ask(this.#agent, urlOf(server, shop.orders), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(text),
      onSent: (connection) => transcript.say('client', text, `POST ${named(connection)}`),
    })
    transcript.say('server', 'Noted.', `${status}`)
  }
}

/** What an answer to a poll brings. */
export function messagesOf(answer: PlainAnswer): readonly string[] {
  return answer.status === 200 ? (JSON.parse(answer.body) as string[]) : []
}

export function nextOffsetOf(answer: PlainAnswer, previous: string): string {
  return String(answer.headers[header.nextOffset] ?? previous)
}
