import { once } from 'node:events'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { startTestServer } from '../support/test-server.js'

test('the Lab’s pages are served with a policy that lets nothing in from elsewhere, and their files for ever', async () => {
  const server = await startTestServer()
  for (const path of ['/lab/', '/lab/check']) {
    const answer = await fetch(server.url + path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    const page = await answer.text()
    const files = [...page.matchAll(/(?:src|href)="([^":]+\.(?:js|css))"/g)].map(([, file]) => file as string)
    expect(files.length).toBeGreaterThanOrEqual(2)
    for (const file of files) {
      const asset = await fetch(new URL(file, server.url + path), { headers: { 'accept-encoding': 'br' } })
      expect(asset.status).toBe(200)
      expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(asset.headers.get('content-encoding')).toBe('br')
      await asset.body?.cancel()
    }
  }
})

test('the Lab without its slash leads to it; what is not there is 404, and nothing outside can be asked for', async () => {
  const server = await startTestServer()
  const statusOf = async (path: string, method = 'GET') => {
    const asking = request(server.url, { path, method })
    asking.end()
    const [answer] = await once(asking, 'response')
    answer.resume()
    return answer.statusCode
  }
  const redirect = await fetch(`${server.url}/lab`, { redirect: 'manual' })
  expect([redirect.status, redirect.headers.get('location')]).toEqual([308, '/lab/'])
  const unknown = [
    '/lab/nothing',
    '/labs',
    '/lab/../package.json',
    '/lab/%2e%2e/package.json',
    '/lab//index.html',
  ]
  for (const path of unknown) expect([path, await statusOf(path)]).toEqual([path, 404])
  expect(await statusOf('/lab/', 'HEAD')).toBe(200)
  expect(await statusOf('/lab/', 'POST')).toBe(405)
})
