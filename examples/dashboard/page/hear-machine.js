import { server } from '/tidings.js'

/** After an answer that ends an EventSource for good, milliseconds. */
const openAgainMs = 2_000

/**
 * History and what comes, with one request: `last` or `since` says where to begin, and the stream goes on from there. The
 * browser reconnects by itself, with the offset of the last event as `Last-Event-ID`, so that nothing is missed or doubled.
 *
 * @param {() => string} start  as in `last=60`; asked anew when the stream has to begin anew
 * @param {object} listener
 * @param {(reading: unknown) => void} listener.onReading
 * @param {() => void} listener.onOpen
 * @param {() => void} listener.onLost  the browser is trying again
 * @param {() => void} listener.onAnew  it begins anew: what was heard is no longer this channel's
 * @returns {() => void} ends it
 */
export function hearMachine(start, { onReading, onOpen, onLost, onAnew }) {
  let source
  let timer

  function open() {
    source = new EventSource(`${server}/v1/stream/machine?live=sse&events=message&${start()}`)
    source.onmessage = ({ data }) => onReading(JSON.parse(data))
    source.onopen = onOpen
    source.onerror = () => {
      onLost()
      // An answer that is no event stream (the channel is not there yet, or is another: 404, 410) ends an EventSource.
      if (source.readyState !== EventSource.CLOSED) return
      timer = setTimeout(() => {
        onAnew()
        open()
      }, openAgainMs)
    }
  }

  open()
  return () => {
    clearTimeout(timer)
    source.close()
  }
}
