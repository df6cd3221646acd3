import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { selfSignedKeyPair } from '../../packages/server/src/http/index.js'
import { createTestChannel } from '../support/channel.js'
import { Http2Client } from '../support/http2-client.js'
import { hasNginx, settingsFromPage, startNginx } from '../support/proxies.js'
import { startTestServer, temporaryFolder } from '../support/test-server.js'

describe.runIf(hasNginx)('nginx that ends TLS', () => {
  test('carries three ways over one connection of HTTP/2, and a WebSocket beside it', async () => {
    const folder = await temporaryFolder()
    const { cert, key } = selfSignedKeyPair(['127.0.0.1'], Date.now())
    await writeFile(join(folder, 'chain.pem'), cert)
    await writeFile(join(folder, 'key.pem'), key)
    const server = await startTestServer()
    const channel = await createTestChannel(server)
    const proxy = await startNginx(await settingsFromPage('tls'), {
      server: server.url,
      replacing: { '/etc/ssl/tidings': folder },
    })
    const url = proxy.url.replace('http:', 'https:')
    const client = await Http2Client.open({ url, certificate: cert })
    const address = '/v1/stream/cake'
    const events = client.ask(`${address}?live=sse&offset=-1`)
    const poll = client.ask(`${address}?live=long-poll&offset=-1`)
    const socket = new WebSocket(`${url.replace('https:', 'wss:')}${address}?live=websocket`, { ca: cert })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    await events.has(/"upToDate":true/)

    const heard = once(socket, 'message')
    await channel.publish('ready')
    await events.has(/data:\["ready"\]/)
    await poll.ended
    expect(poll.text).toBe('["ready"]')
    expect((await client.fetch(address)).text).toBe('["ready"]')
    expect(String((await heard)[0])).toBe('"ready"')
  })
})
