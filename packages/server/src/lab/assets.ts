import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { labPath, Problem } from '@tidings/protocol'
import { routeUnknown, type Visit } from '../http/index.js'

/** A file of the Lab's page. */
interface Asset {
  readonly body: Buffer
  readonly contentType: string
  readonly isNamedByContent: boolean
}

/** By their paths. */
export type Assets = ReadonlyMap<string, Asset>

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
}

/** A file's name that changes with what is in it. */
const namedByContent = /-[A-Z0-9]{8}\.(?:js|css)$/

/**
 * Nothing of another host, and nothing written into the page: the Lab shows bytes that anybody may have sent. Styles
 * of elements are the page's own (the diagram's size).
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss:",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** Reads the built page, which is small. @throws Problem `not-implemented` when it is not there */
export async function loadAssets(): Promise<Assets> {
  const manifest = createRequire(import.meta.url).resolve('@tidings/lab/package.json')
  const folder = join(dirname(manifest), 'dist', 'page')
  const assets = new Map<string, Asset>()
  try {
    for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile()) continue
      const file = join(entry.parentPath, entry.name)
      const path = `${labPath.page}${file.slice(folder.length + 1)}`
      const contentType = contentTypes[extname(entry.name)] ?? 'application/octet-stream'
      const isNamedByContent = namedByContent.test(entry.name)
      assets.set(addressOf(path), { body: await readFile(file), contentType, isNamedByContent })
    }
  } catch (cause) {
    throw new Problem('not-implemented', 'The Lab is not built: npm run build.', {}, { cause })
  }
  return assets
}

/** Pages are asked for without their files' endings. */
function addressOf(path: string): string {
  return path.replace(/index\.html$/, '').replace(/\.html$/, '')
}

/** @throws Problem `route-unknown` */
export function answerAsset({ exchange }: Visit, assets: Assets, pathname: string): void {
  if (pathname === labPath.page.slice(0, -1)) {
    exchange.respond({ status: 308, headers: { location: labPath.page }, payloadBytes: 0 })
    return
  }
  // What the lanes ask comes on connections that they open, as it would in a page that was there already.
  exchange.endConnectionAfterwards()
  const asset = assets.get(pathname)
  if (!asset) throw routeUnknown()
  const { body, contentType, isNamedByContent } = asset
  exchange.respond({
    status: 200,
    headers: {
      'content-type': contentType,
      'cache-control': isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(contentType.startsWith('text/html') && { 'content-security-policy': contentSecurityPolicy }),
    },
    body,
    codable: { name: pathname, contentType },
    payloadBytes: 0,
  })
}
