import { randomBytes } from 'node:crypto'
import { Problem, type ProofAnswer } from '@tidings/protocol'
import { MaxAge } from '../hub/index.js'
import { EventStream, eventStreamHeaders } from './event-stream.js'
import type { Answer, Exchange } from './exchange.js'
import type { Station } from './transport.js'

/** Streams that are open for a proof, and questions that wait for theirs: of either so many at once. */
const mostAtOnce = 1_000
/** A client has heard the nonce by then, or will not hear it in time to be of use. */
const streamMs = 30_000
/** How long a question waits for its stream, which may have come to another node. */
const questionMs = 5_000
/** 128 bits: what something between has kept from another proof is not taken for it. */
const nonceBytes = 16

/** A POST that waits for the stream of its id. */
interface Question {
  readonly id: string
  tell(nonce: string): void
}

/**
 * Proofs that events pass while their stream is open. The stream says a nonce and then stays open; a question on
 * another request is answered with it once it is written.
 *
 *     C-> GET  /v1/proof/<id>
 *     C-> POST /v1/proof/<id>
 *     S-> 200 text/event-stream   data:<nonce>       and stays open
 *     S-> 200 {"nonce":"<nonce>"}                    to the POST
 *
 * Who hears the nonce on the stream knows that events pass. Who is answered, and hears nothing on the stream for a
 * round trip more, knows that something between keeps them back; how long any of it took is never asked.
 */
export class Proofs {
  readonly #station: Station
  readonly #ages = new MaxAge({ maxAgeMs: streamMs })
  /** What was said on the streams that are open, by their ids. */
  readonly #nonces = new Map<string, string>()
  readonly #questions = new Set<Question>()

  constructor(station: Station) {
    this.#station = { ...station, maxAge: this.#ages }
  }

  /** Answers with the stream. @throws Problem `proof-taken`, `server-busy`, `server-stopping` */
  open(exchange: Exchange, id: string): void {
    if (this.#nonces.has(id)) {
      throw new Problem('proof-taken', 'A stream of this proof is open. Choose another id, at random.')
    }
    if (this.#nonces.size >= mostAtOnce) throw tooMany()
    const sink = exchange.stream(200, eventStreamHeaders)
    const stream = new EventStream(this.#station, sink, () => undefined)
    const nonce = randomBytes(nonceBytes).toString('base64url')
    stream.begin([Buffer.from(`data:${nonce}\n\n`)])
    this.#nonces.set(id, nonce)
    for (const question of [...this.#questions]) if (question.id === id) question.tell(nonce)
    // Last: for a client that is gone already, this calls back at once.
    exchange.onGone(() => {
      stream.stop()
      this.#nonces.delete(id)
      if (this.#nonces.size === 0) this.#ages.stop()
    })
  }

  /** Answers with the nonce, once it is written. @throws Problem `server-busy`, `server-stopping` */
  ask(exchange: Exchange, id: string): void {
    const nonce = this.#nonces.get(id)
    if (nonce === undefined) this.#hold(exchange, id)
    else exchange.respond(answerOf(nonce))
  }

  #hold(exchange: Exchange, id: string): void {
    if (this.#questions.size >= mostAtOnce) throw tooMany()
    exchange.checkMayBegin()
    const { holds } = this.#station
    const question: Question = {
      id,
      tell: (nonce) => {
        release()
        exchange.respond(answerOf(nonce))
      },
    }
    const giveUp = () => {
      release()
      exchange.fail(unknown())
    }
    const timer = setTimeout(giveUp, questionMs)
    const release = () => {
      clearTimeout(timer)
      holds.delete(giveUp)
      this.#questions.delete(question)
    }
    holds.add(giveUp)
    this.#questions.add(question)
    exchange.onGone(release)
  }
}

function answerOf(nonce: string): Answer {
  const said: ProofAnswer = { nonce }
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: Buffer.from(`${JSON.stringify(said)}\n`),
    payloadBytes: 0,
  }
}

function unknown(): Problem {
  return new Problem(
    'proof-unknown',
    'No stream of this proof is open here. GET it at the same time; behind several servers it may be at another one.',
  )
}

function tooMany(): Problem {
  return new Problem('server-busy', `${mostAtOnce} proofs are under way. Ask again a little later.`, {
    retryAfterSeconds: 1,
  })
}
