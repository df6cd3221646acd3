import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { postPublisher } from '@tidings/client/ways'
import { makeChannel } from '../shared/make-channel.mjs'
import { tokensFor } from './word-generator.mjs'

/** About the pace of a model that is in no hurry, milliseconds. */
const tokenEveryMs = 50
const maxUnderWay = 20
const longestQuestion = 500

/** An answer can be read for an hour after it was last looked at. */
const keeping = { 'stream-ttl': '3600' }

/**
 * The part of an app that holds the model. It writes each answer into a channel of its own, whether anybody reads it or
 * not, and closes the channel at its end. Readers come, go and come back without this part's knowing.
 */
export class Answers {
  #server
  #underWay = new Set()
  #lifetime = new AbortController()

  /** @param {string} server */
  constructor(server) {
    this.#server = server
  }

  /**
   * @param {unknown} asked  the body of a POST
   * @returns {Promise<{ status: number, body: object }>} with the channel where the answer comes
   */
  async begin(asked) {
    const question = asked?.question
    if (typeof question !== 'string' || question.trim() === '' || question.length > longestQuestion) {
      return { status: 400, body: { detail: `Ask something, in at most ${longestQuestion} characters.` } }
    }
    if (this.#underWay.size >= maxUnderWay) {
      return { status: 503, body: { detail: 'Too many answers are under way. Ask again in a moment.' } }
    }
    const channel = `answers/${randomUUID()}`
    const made = makeChannel(this.#server, channel, keeping)
    const writing = made
      .then(() => this.#write(channel, question))
      .catch((error) => {
        if (!this.#lifetime.signal.aborted) console.error('an answer broke off:', error.message)
      })
    this.#underWay.add(writing)
    void writing.then(() => this.#underWay.delete(writing))
    await made
    return { status: 201, body: { channel } }
  }

  async close() {
    this.#lifetime.abort()
    await Promise.all(this.#underWay)
  }

  async #write(channel, question) {
    const publisher = postPublisher({ server: this.#server, channel })
    const { signal } = this.#lifetime
    try {
      for (const token of tokensFor(question)) {
        await wait(tokenEveryMs, undefined, { signal })
        await publisher.publish([{ token }])
      }
      // The last message and the end of the channel are one append: nobody sees the one without the other.
      await publisher.publish([{ end: 'complete' }], { close: true })
    } catch (error) {
      await publisher.publish([{ end: 'broken off' }], { close: true }).catch(() => {})
      throw error
    } finally {
      await publisher.stop()
    }
  }
}
