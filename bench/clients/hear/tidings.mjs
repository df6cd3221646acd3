import { connect } from '@tidings/client'

/** From the beginning; all else by default. */
export function hear({ url, channel, webSocket, heard, way, told }) {
  const tidings = connect(url, webSocket ? { webSocket } : {})
  tidings.addEventListener('way', ({ detail }) => way(detail.way))
  const goOn = (gap) => {
    told(gap.code)
    return 'earliest'
  }
  const messages = async () => {
    for await (const { n } of tidings.channel(channel, { offset: '-1', onGap: goOn })) heard(n)
  }
  messages().catch((error) => told(error.code ?? error.message))
  return () => tidings.close()
}
