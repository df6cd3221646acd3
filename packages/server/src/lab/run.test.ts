import { expect, onTestFinished, test } from 'vitest'
import { Log, openEngine } from '../log/index.js'
import { Trace } from '../observe/index.js'
import type { Station } from '../transports/index.js'
import { Run } from './run.js'

const oneReader = Buffer.from(
  JSON.stringify({
    type: 'workload',
    workload: {
      messagesPerSecond: 100,
      burst: 1,
      messageBytes: 100,
      readers: { 'short-poll': 0, 'long-poll': 0, sse: 1, websocket: 0 },
    },
  }),
)

test('what a page asks while its run ends begins nothing again', async () => {
  const log = await Log.open(await openEngine({ engine: 'memory', folder: '', durability: 'os' }))
  onTestFinished(() => log.close())
  const run = await Run.open({
    station: { log } as Station,
    trace: new Trace(),
    address: () => ({ host: '127.0.0.1', port: 9, isSecure: false }),
  })
  let workers = 0
  const onWorker = () => workers++
  process.on('worker', onWorker)
  onTestFinished(() => void process.off('worker', onWorker))
  run.tookMessage(oneReader, false)
  const ending = run.end()
  run.tookMessage(oneReader, false)
  await ending
  await new Promise(setImmediate)
  expect(workers).toBe(1)
})
