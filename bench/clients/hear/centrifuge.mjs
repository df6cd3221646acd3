import { Centrifuge } from 'centrifuge'

/** The three transports of its README in its order; from the beginning of the channel's history. */
export function hear({ url, channel, webSocket, heard, way, told }) {
  const transports = [
    { transport: 'websocket', endpoint: `${url.replace(/^http/, 'ws')}/connection/websocket` },
    { transport: 'http_stream', endpoint: `${url}/connection/http_stream` },
    { transport: 'sse', endpoint: `${url}/connection/sse` },
  ]
  const emulationEndpoint = `${url}/emulation`
  const client = new Centrifuge(transports, { emulationEndpoint, ...(webSocket && { websocket: webSocket }) })
  client.on('connected', ({ transport }) => way(transport))
  client.on('disconnected', ({ code, reason }) => code > 0 && told(`disconnected: ${code} ${reason}`))
  const subscription = client.newSubscription(channel, { since: { offset: 0, epoch: '' } })
  subscription.on('publication', ({ data }) => heard(data.n))
  subscription.on('subscribed', ({ wasRecovering, recovered }) => {
    if (wasRecovering && !recovered) told('not recovered')
  })
  subscription.subscribe()
  client.connect()
  return () => client.disconnect()
}
