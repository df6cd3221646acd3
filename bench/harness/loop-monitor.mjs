// Loaded into a Node server with --import: how long its event loop was held, told to the parent when asked.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolutionMs = 1
const delay = monitorEventLoopDelay({ resolution: resolutionMs })
delay.enable()

process.on('message', () => {
  // A turn is seen as a timer that is late; what it waits anyway is no delay.
  const milliseconds = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  process.send({ longestTurnMs: milliseconds(delay.max), p99TurnMs: milliseconds(delay.percentile(99)) })
  delay.reset()
})
process.channel.unref()
