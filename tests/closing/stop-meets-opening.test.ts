import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Way } from '@tidings/protocol'
import { expect, onTestFinished, test, vi } from 'vitest'
import { HttpServer } from '../../packages/server/src/http/index.js'
import { RawConnection, requestBytes } from '../support/raw-connection.js'
import { upgradeHeaders } from '../support/raw-websocket.js'
import { standingDisk } from '../support/standing-disk.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'

const envelopes = { 'sec-websocket-protocol': 'tidings.v1' }

test.each<[string, Way, string, Record<string, string>]>([
  ['a plain WebSocket', 'websocket', 'stream/cake?live=websocket', upgradeHeaders],
  [
    'a WebSocket of tidings.v1',
    'websocket',
    'stream/cake?live=websocket',
    { ...upgradeHeaders, ...envelopes },
  ],
  ['an event stream', 'sse', 'stream/cake?live=sse&offset=now', {}],
  ['a held poll', 'long-poll', 'stream/cake?live=long-poll&offset=now', {}],
  ['an event stream of several channels', 'sse', 'streams?stream=cake@now&stream=tea@now&live=sse', {}],
  ['a held poll of several channels', 'long-poll', 'streams?stream=cake@-1&stream=tea@-1&live=long-poll', {}],
])(
  '%s that is still looked at when the server stops is told to come back, and does not hold the stop up',
  async (_, way, target, headers) => {
    const cut = vi.spyOn(HttpServer.prototype, 'cutConnections')
    onTestFinished(() => cut.mockRestore())
    const server = await startTestServer({ autoCreate: ['*'], longPollMs: 55_000 })
    const disk = standingDisk()
    // Its channel has to be made first, and that takes as long as the disk does.
    disk.stand()
    const connection = await RawConnection.open(server.url)
    connection.send(requestBytes(server.url, { target: `/v1/${target}`, headers }))
    await statsOf(server).until(({ ways }) => ways[way].requests === 1)
    const stopped = server.close()
    // All whom the server knows of are told before this one is known.
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    disk.goOn()
    const answer = await connection.answer()
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([503, { code: 'server-stopping' }])
    expect(answer.headers['retry-after']).toBe('1')
    await connection.gone()
    await stopped
    expect(cut).not.toHaveBeenCalled()
  },
)
