import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { expect, test } from 'vitest'

/** What a page's bundle holds that has this line alone. */
async function bundled(contents: string, plugins: Plugin[] = []) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'error',
    plugins,
  })
  const [output] = Object.values(metafile.outputs)
  const files = Object.entries(output?.inputs ?? {})
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path.split('/').at(-1))
  return { files, text: outputFiles[0]?.text ?? '' }
}

test.each([
  'channelNameFault',
  'encodeChannelName',
  'parseOffset',
  'formatVector',
  'path',
  'subprotocol',
  'closeCode',
])('who imports %s alone has no table of problems', async (name) => {
  const { files, text } = await bundled(`export { ${name} } from './index.js'`)
  expect(files).not.toContain('problem.ts')
  expect(text).toContain(name)
  expect(text).not.toContain('channel-unknown')
})

test('who imports checkChannelName has it: problems are what it throws', async () => {
  expect((await bundled("export { checkChannelName } from './index.js'")).files).toContain('problem.ts')
})

/** Takes from the bundler what package.json promises: it looks into each file. */
const withoutPromise: Plugin = {
  name: 'without "sideEffects": false',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\// }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace(/\.js$/, '.ts')),
      sideEffects: true,
    }))
  },
}

test('no file does anything by being loaded', async () => {
  const { files } = await bundled("import './index.js'", [withoutPromise])
  expect(files).toEqual([])
})
