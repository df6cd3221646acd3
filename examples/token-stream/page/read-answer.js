import { server } from '/tidings.js'

/** After an answer that ends an EventSource for good, and that asking again may mend, milliseconds. */
const openAgainMs = 1_500

/**
 * Reads an answer's channel with a plain `EventSource`: one event per message, with the offset after it as its id.
 * After a cut the browser comes back by itself, with the last id.
 *
 * @param {string} channel
 * @param {string} offset  after what was read before
 * @param {object} listener
 * @param {(token: string, offset: string) => void} listener.onToken
 * @param {(how: string) => void} listener.onEnd  the answer's last message; nothing follows
 * @param {() => void} listener.onOpen
 * @param {() => void} listener.onLost  asking again, by itself
 * @param {() => void} listener.onGone  the answer can't be had any more
 */
export function readAnswer(channel, offset, { onToken, onEnd, onOpen, onLost, onGone }) {
  let next = offset
  const address = () => `${server}/v1/stream/${channel}?offset=${next}`
  const source = new EventSource(`${address()}&live=sse&events=message`)
  source.onopen = onOpen
  source.onmessage = ({ data, lastEventId }) => {
    const message = JSON.parse(data)
    next = lastEventId
    if (typeof message?.token === 'string') onToken(message.token, lastEventId)
    if (typeof message?.end !== 'string') return
    source.close()
    onEnd(message.end)
  }
  source.onerror = () => {
    onLost()
    if (source.readyState === EventSource.CLOSED) void lookWhy()
  }

  /** An EventSource does not say with which status it was refused; the same address without `live` does. */
  async function lookWhy() {
    const status = await fetch(address()).then(
      (answer) => answer.status,
      () => undefined,
    )
    if (status === 404 || status === 410) onGone()
    else setTimeout(() => readAnswer(channel, next, { onToken, onEnd, onOpen, onLost, onGone }), openAgainMs)
  }
}
