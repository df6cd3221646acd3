import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

const modules = {
  '@tidings/client': '/client/dist/index.js',
  '@tidings/client/tabs': '/client/dist/tabs/index.js',
  '@tidings/client/ways': '/client/dist/ways/index.js',
  '@tidings/protocol': '/protocol/dist/index.js',
}

/**
 * A site of another origin than the server's: each page runs `script`, which may import the built packages.
 *
 * @returns its URL, which ends with a slash
 */
export async function startSite(script: string): Promise<string> {
  const page = `<!doctype html>
<script type="importmap">${JSON.stringify({ imports: modules })}</script>
<script type="module">${script}</script>`
  const site = createServer((request, response) => {
    const path = request.url ?? '/'
    if (!/^\/(client|protocol)\/dist\/[\w/.-]+\.js$/.test(path)) {
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
      return
    }
    readFile(new URL(`../../../packages${path}`, import.meta.url)).then(
      (text) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(text),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    site.closeAllConnections()
    site.close()
  })
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`
}
