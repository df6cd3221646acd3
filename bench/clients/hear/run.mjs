// A process that hears with one client: node run.mjs <client>. Its parent says { url, channel } and 'stop'.
import WebSocket from 'ws'

const { hear } = await import(`./${process.argv[2]}.mjs`)
const nowMs = () => performance.timeOrigin + performance.now()
const tell = (message) => process.connected && process.send(message)
let stop

process.on('message', (asked) => {
  stop?.()
  stop = undefined
  if (asked === 'stop') return
  const beginMs = nowMs()
  stop = hear({
    ...asked,
    webSocket: WebSocket,
    heard: (n) => tell({ channel: asked.channel, n, atMs: nowMs(), afterMs: nowMs() - beginMs }),
    way: (way) => tell({ channel: asked.channel, way, atMs: nowMs(), afterMs: nowMs() - beginMs }),
    told: (text) => tell({ channel: asked.channel, told: text, atMs: nowMs() }),
  })
})
process.on('disconnect', () => process.exit())
process.on('unhandledRejection', (error) => tell({ told: `unhandled rejection: ${error?.message}` }))
tell('ready')
