import { read } from '@tidings/client/ways'

/**
 * Hears a channel from its beginning, over a way that may be changed while it runs.
 *
 * The offset is all that goes from one way to the next. It moves on together with the messages before it, in one
 * turn of the event loop, so that whenever a way is left, the next begins right after what was shown.
 *
 * @param {{ server: string, channel: string }} address
 * @param {import('@tidings/client/ways').Way} firstWay
 * @param {object} listener
 * @param {(messages: readonly unknown[], way: string) => void} listener.onMessages
 * @param {object} listener.readOptions  handed on to `read`
 */
export function hear(address, firstWay, { onMessages, readOptions }) {
  let way = firstWay
  let turn = new AbortController()

  async function run() {
    let offset = '-1'
    for (;;) {
      const heardOver = way
      const options = { ...readOptions, way, offset, kind: 'json', signal: turn.signal }
      for await (const batch of read(address, options)) {
        onMessages(batch.messages, heardOver)
        offset = batch.nextOffset
        if (batch.closed) return
      }
      // The reader was told to end, to go on in another way.
      turn = new AbortController()
    }
  }

  return {
    /** Resolves when the channel is closed and heard to its end; rejects when asking again can't help. */
    ended: run(),
    /** @param {import('@tidings/client/ways').Way} next */
    change(next) {
      way = next
      turn.abort()
    },
  }
}
