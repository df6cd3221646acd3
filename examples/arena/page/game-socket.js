/** Waits before connecting again, milliseconds; from the third time on the longest. Each is spread by up to a half. */
const reconnectMs = [100, 400, 1_500]

/** The server speaks twenty times a second while anybody plays. Asked after so long without a word, milliseconds; */
const askAfterMs = 1_000
/** and given up after so long: a dead network closes nothing by itself. */
const deadAfterMs = 3_000

/**
 * The arena's socket, with nothing but the browser's own WebSocket: `tidings.v1` carries two channels on one socket, the
 * state down and the input up, and says the offset of what it brings, which is all it takes to come back.
 *
 * A publish here has neither `id` nor `producer`: nobody waits for an acknowledgement, because the next input says it all
 * again, and the state tells which input it has seen.
 *
 * @param {string} server
 * @param {object} listener
 * @param {(states: readonly unknown[]) => void} listener.onStates  several when the network was slow
 * @param {() => void} listener.onConnected
 * @param {() => void} listener.onLost
 * @param {(detail: string) => void} listener.onRefused  asking again can't help
 * @see docs/protocol.md, "WebSocket, tidings.v1"
 */
export function openGameSocket(server, listener) {
  const url = `${server.replace(/^http/, 'ws')}/v1/socket`
  /** Where to go on; none before the first state. */
  let offset
  let socket
  let failures = 0
  let heardAtMs = 0

  function connect() {
    const mine = new WebSocket(url, 'tidings.v1')
    socket = mine
    heardAtMs = performance.now()
    mine.onmessage = ({ data }) => {
      if (mine !== socket) return
      heardAtMs = performance.now()
      hear(JSON.parse(data))
    }
    // The standard's error event says nothing; a close follows it.
    mine.onclose = () => lose(mine)
  }

  function hear(envelope) {
    if (envelope.type === 'welcome') subscribe()
    else if (envelope.type === 'data') {
      if (failures > 0 || offset === undefined) listener.onConnected()
      failures = 0
      offset = envelope.nextOffset
      listener.onStates(envelope.messages)
    } else if (envelope.type === 'error') {
      // Away for longer than the channel keeps, or the server was started again: the newest state will do.
      if (envelope.code !== 'offset-gone' && envelope.code !== 'history-changed') {
        listener.onRefused(envelope.detail)
        return
      }
      offset = undefined
      subscribe()
    }
  }

  function subscribe() {
    say({ type: 'subscribe', channel: 'arena/state', ...(offset === undefined ? { last: 1 } : { offset }) })
  }

  function lose(lost) {
    if (lost !== socket) return
    socket = undefined
    lost.close()
    if (failures === 0) listener.onLost()
    const waitMs = reconnectMs[Math.min(failures, reconnectMs.length - 1)]
    failures += 1
    setTimeout(connect, waitMs * (1 + Math.random() / 2))
  }

  function say(envelope) {
    socket.send(JSON.stringify(envelope))
  }

  function look() {
    if (socket === undefined) return
    const silentMs = performance.now() - heardAtMs
    if (silentMs > deadAfterMs) lose(socket)
    else if (silentMs > askAfterMs && socket.readyState === WebSocket.OPEN) say({ type: 'ping' })
  }

  connect()
  setInterval(look, askAfterMs / 2)

  return {
    /**
     * Sends an input, or drops it: while there is no connection, or while the one before has not left yet, an old wish
     * is worth nothing.
     *
     * @returns {boolean} whether it was sent
     */
    send(input) {
      if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > 0) return false
      say({ type: 'publish', channel: 'arena/input', messages: [input] })
      return true
    },
  }
}
