import { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { Trace } from './trace.js'

test('a connection that outlives many watches is left as it was by each', () => {
  const socket = new Socket()
  const trace = new Trace()
  trace.useConnections(() => [{ socket, wire: socket }])
  const asItWas = () => ({
    own: ['write', 'end', 'unshift'].filter((name) => Object.hasOwn(socket, name)),
    listeners: socket.eventNames().map((name) => [name, socket.listenerCount(name)]),
  })
  const before = asItWas()
  for (let times = 0; times < 3; times++) trace.watch('cake', () => {}).stop()
  expect(asItWas()).toEqual(before)
})
