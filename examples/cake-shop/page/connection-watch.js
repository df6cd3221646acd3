/** A request that has not failed for so long is one that the server holds, milliseconds. */
const heldAfterMs = 600

/**
 * Tells a page whether the server is there. Readers of `@tidings/client` reconnect by themselves and say so
 * (`onRetry`); that all is well again is seen at the requests, which may well bring nothing new for a while.
 *
 * @param {{ onGood: () => void, onTrouble: (waitMs: number) => void }} listener
 * @returns options for `read`
 */
export function connectionWatch({ onGood, onTrouble }) {
  async function watchedFetch(url, init) {
    const held = setTimeout(onGood, heldAfterMs)
    try {
      const response = await fetch(url, init)
      onGood()
      return response
    } finally {
      clearTimeout(held)
    }
  }

  class WatchedWebSocket extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols)
      this.addEventListener('open', onGood)
    }
  }

  return {
    fetch: watchedFetch,
    webSocket: WatchedWebSocket,
    onRetry: ({ waitMs }) => onTrouble(waitMs),
    // A person waits: a second and a half at most, not ten.
    backoff: { capMs: 1_500 },
  }
}
