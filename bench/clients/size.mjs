import { gzipSync } from 'node:zlib'
import { bundler, versionOf } from './install.mjs'
import { places } from './places.mjs'

/** @returns bytes of what a page would load for a client: bundled and minified by esbuild, with gzip -9 */
export async function size(peer) {
  const version = peer.version ?? (await versionOf(peer.package))
  const [usual, everything] = [await bundled(peer.usual), await bundled(peer.everything)]
  return { version, usual, everything }
}

async function bundled(contents) {
  const { outputFiles } = await bundler().build({
    stdin: { contents, resolveDir: places.installed },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Ours as it stands in the sources, whether they were built or not.
    conditions: ['source'],
    legalComments: 'none',
    write: false,
    logLevel: 'error',
  })
  const { contents: text } = outputFiles[0]
  return { min: text.length, gzip: gzipSync(text, { level: 9 }).length }
}
