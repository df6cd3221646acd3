import { stream } from '@durable-streams/client'

/** From the beginning, live in the way it chooses; asked to try again after whatever error, as its README shows. */
export function hear({ url, channel, heard, way, told }) {
  const abort = new AbortController()
  const { signal } = abort
  const messages = async () => {
    const response = await stream({
      url: `${url}/v1/stream/${channel}`,
      offset: '-1',
      live: true,
      json: true,
      signal,
      onError: () => ({}),
    })
    // What `true` is in this version, also for JSON.
    way('long-poll')
    response.subscribeJson((batch) => {
      for (const { n } of batch.items) heard(n)
    })
    await response.closed
  }
  messages().catch((error) => !signal.aborted && told(error.message))
  return () => abort.abort()
}
