import { get, type IncomingMessage } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasHaproxy, hasNginx, settingsFromPage, startHaproxy, startNginx } from '../support/proxies.js'
import { statsOf } from '../support/stats.js'
import { startTestServer } from '../support/test-server.js'
import { ask, newId, nonceOn, openStream, proofUrl } from './support.js'

describe.each([
  { name: 'nginx with nothing but proxy_pass', isHere: hasNginx, settings: 'plain', proxy: 'nginx' as const },
  { name: 'nginx as recommended', isHere: hasNginx, settings: 'recommended', proxy: 'nginx' as const },
  { name: "Debian's HAProxy", isHere: hasHaproxy, settings: 'plain', proxy: 'haproxy' as const },
])('$name', ({ isHere, settings, proxy }) => {
  test.runIf(isHere)('passes the nonce while the stream is open', async () => {
    const server = await startTestServer()
    const start = proxy === 'nginx' ? startNginx : startHaproxy
    const { url } = await start(await settingsFromPage(settings, proxy), { server: server.url })
    const proof = proofUrl({ url }, newId())
    const asking = ask(proof)
    const stream = await openStream(proof)
    expect(await asking).toMatchObject({ status: 200, nonce: await nonceOn(stream) })
    expect(stream.response.complete).toBe(false)
    stream.drop()
    await statsOf(server).untilNothingIsHeld()
  })
})

describe.runIf(hasNginx)('nginx that buffers, whatever it is told', () => {
  test('has the question answered while the stream is silent, and says the nonce when it ends', async () => {
    const server = await startTestServer()
    const { url } = await startNginx(await settingsFromPage('buffering'), { server: server.url })
    const proof = proofUrl({ url }, newId())
    const stream = quietStream(proof)
    const { status, nonce } = await ask(proof)
    expect(status).toBe(200)
    // A round trip more: what is not kept back has come before it.
    expect(await ask(proof)).toMatchObject({ nonce })
    expect(stream.text).toBe('')
    await server.close()
    expect(await stream.whole).toContain(`\ndata:${nonce}\n\n`)
  })
})

/** A stream of which perhaps nothing comes, not even its head, until it has ended. */
function quietStream(url: string) {
  const stream = { text: '', whole: Promise.resolve('') }
  const asking = get(url, { agent: false })
  onTestFinished(() => {
    asking.destroy()
  })
  stream.whole = new Promise((resolve, reject) => {
    asking.once('error', reject).once('response', (response: IncomingMessage) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        stream.text += part
      })
      response.once('error', reject).once('end', () => resolve(stream.text))
    })
  })
  stream.whole.catch(() => {})
  return stream
}
