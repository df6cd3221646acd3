import { once } from 'node:events'
import { closeChannel, createChannel, postPublisher, RawJson, socketPublisher } from '@tidings/client/ways'
import { ways } from '@tidings/protocol'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { startTestServer } from '../support/test-server.js'
import { hearAll, messagesIn, onNode } from '../support/ways.js'

/** Texts that do not survive being parsed and written again. */
const values = [
  '9007199254740993',
  '1e400',
  '-0.0',
  '1E+2',
  '{"b":1,"a":1.0}',
  '{"a":1,"a":2}',
  '{"10":"ten","9":"nine"}',
  '{ "spaced" :\t[ 1 , 2 ] }',
  '{"__proto__":{"x":1}}',
  '"\u2028\u2029 as they are"',
  '"\\u2028 \\u00e9 \\/ \\ud83c\\udf82 escaped"',
  '"🎂 \\" ] } , data: \\r\\n"',
  '""',
  'null',
  'false',
  `${'['.repeat(400)}"deep"${']'.repeat(400)}`,
  '[[1,2],[]]',
]

const publishings = {
  'a POST of an array': async (url: string, channel: string) => {
    const body = `[${values.join(' ,\n')}]`
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${url}/v1/stream/${channel}`, { method: 'POST', headers, body })
    expect(answer.status).toBe(204)
  },
  'the client over POST': async (server: string, channel: string) => {
    await postPublisher({ server, channel }).publish(values.map((value) => new RawJson(value)))
  },
  'the client over a socket': async (server: string, channel: string) => {
    const publisher = socketPublisher({ server, channel }, onNode)
    await publisher.publish(values.map((value) => new RawJson(value)))
    await publisher.stop()
  },
  'frames of a plain WebSocket': async (url: string, channel: string) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/stream/${channel}?live=websocket&offset=-1`)
    const echoes: string[] = []
    const heardAll = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        if (echoes.push(String(data)) === values.length) resolve()
      })
    })
    await once(socket, 'open')
    for (const value of values) socket.send(` ${value}\n`)
    await heardAll
    expect(echoes).toEqual(values)
    socket.close()
    await once(socket, 'close')
  },
}

for (const [how, publish] of Object.entries(publishings)) {
  test(`JSON that was published by ${how} arrives on all four ways as it was sent`, async () => {
    const server = await startTestServer()
    const address = { server: server.url, channel: 'values' }
    await createChannel(address)
    await publish(server.url, address.channel)
    await closeChannel(address)
    for (const way of ways) {
      expect([way, ...messagesIn(await hearAll(address, { way }))]).toEqual([way, ...values])
    }
  })
}
