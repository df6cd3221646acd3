import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const subpaths = ['storage', 'store', 'tabs', 'queue']

/** Bytes that a page loads for these lines: bundled and minified by esbuild, with gzip -9. */
async function size(...lines: string[]) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['source'],
    legalComments: 'none',
    logLevel: 'error',
    write: false,
    metafile: true,
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return {
    bytes: gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length,
    files: files.map(([path]) => path),
  }
}

const core = "export { connect } from '@tidings/client'"

// Ceilings, so that it grows by decision alone; docs/client/measured.md has the goals, which are lower.
test('who imports connect loads no more than it did', async () => {
  expect((await size(core)).bytes).toBeLessThanOrEqual(15_500)
})

test('who imports everything loads no more than it did', async () => {
  const all = subpaths.map((name) => `export * as ${name} from '@tidings/client/${name}'`)
  expect((await size("export * from '@tidings/client'", ...all)).bytes).toBeLessThanOrEqual(19_000)
})

test.each([...subpaths, 'ways'])('the subpath %s costs nothing where it is not imported', async (subpath) => {
  const { files } = await size(core)
  expect(files.filter((path) => path.includes(`/client/src/${subpath}/`))).toEqual([])
})
