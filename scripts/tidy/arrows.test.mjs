import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { findArrows } from './arrows.mjs'

const root = mkdtempSync(join(tmpdir(), 'tidings-arrows-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const server = 'packages/server/src'

/** What a good tree holds, so that the planted imports lead somewhere. */
const tree = {
  'tsconfig.base.json': '{}',
  'packages/protocol/package.json': manifest('@tidings/protocol'),
  'packages/protocol/src/index.ts': '',
  'packages/client/package.json': manifest('@tidings/client'),
  'packages/client/src/index.ts': `import '@tidings/protocol'`,
  'packages/client/src/time/wait.ts': '',
  'packages/client/src/links/link.ts': '',
  'packages/client/src/connection/connection.ts': `import '../links/link.js'`,
  'packages/server/package.json': manifest('tidings', { ws: '1', lmdb: '1', commander: '1' }),
  [`${server}/index.ts`]: `import './http/index.js'`,
  [`${server}/start.ts`]: '',
  [`${server}/cli/index.ts`]: `import '@tidings/client'; import '../index.js'; import 'commander'`,
  [`${server}/cli/main.ts`]: '',
  [`${server}/http/index.ts`]: `import '../transports/index.js'; import '../log/index.js'`,
  [`${server}/transports/index.ts`]: `import './sse.js'; import '../hub/index.js'`,
  [`${server}/transports/sse.ts`]: '',
  [`${server}/transports/websocket.ts`]: `import 'ws'`,
  [`${server}/hub/index.ts`]: `import '../access/index.js'; import './tail.js'`,
  [`${server}/hub/tail.ts`]: '',
  [`${server}/access/index.ts`]: '',
  [`${server}/limits/index.ts`]: '',
  [`${server}/observe/index.ts`]: `import '@tidings/protocol'`,
  [`${server}/log/index.ts`]: `import './open-engine.js'`,
  [`${server}/log/open-engine.ts`]: `import './engines/memory.js'; import './engines/disk/index.js'`,
  [`${server}/log/engine.ts`]: '',
  [`${server}/log/engines/memory.ts`]: `import '../engine.js'`,
  [`${server}/log/engines/disk/index.ts`]: `import '../../engine.js'; import 'lmdb'`,
  [`${server}/log/engine.test.ts`]: `import 'vitest'; import '../cli/main.js'; import './engines/memory.js'`,
}

/** One forbidden import each: the rule, the file it is planted in, and what that imports. */
const planted = [
  ['no-circles', `${server}/hub/tail.ts`, './index.js'],
  ['protocol-imports-nothing', 'packages/protocol/src/a.ts', 'node:fs'],
  ['client-imports-protocol-alone', 'packages/client/src/a.ts', 'node:net'],
  ['client-imports-protocol-alone', 'packages/client/src/b.ts', 'ws'],
  ['client-is-for-the-command-line', `${server}/hub/a.ts`, '@tidings/client'],
  ['room-is-known', `${server}/cellar/a.ts`, './b.js'],
  ['server-arrows-point-down', `${server}/log/a.ts`, '../hub/index.js'],
  ['server-arrows-point-down', `${server}/hub/b.ts`, '../transports/index.js'],
  ['server-arrows-point-down', `${server}/transports/a.ts`, '../http/index.js'],
  ['server-arrows-point-down', `${server}/http/a.ts`, '../index.js'],
  ['server-arrows-point-down', `${server}/start.ts`, './cli/index.js'],
  ['server-arrows-point-down', `${server}/access/a.ts`, '../limits/index.js'],
  ['server-arrows-point-down', `${server}/observe/a.ts`, '../access/index.js'],
  ['client-arrows-point-down', 'packages/client/src/links/a.ts', '../connection/connection.js'],
  ['client-arrows-point-down', 'packages/client/src/connection/a.ts', '../index.js'],
  ['client-arrows-point-down', 'packages/client/src/time/a.ts', '../links/link.js'],
  ['face-of-a-package', 'packages/client/src/c.ts', '../../protocol/src/a.js'],
  ['face-of-a-room', `${server}/http/b.ts`, '../hub/tail.js'],
  ['face-of-a-room', `${server}/cli/a.ts`, '../start.js'],
  ['face-of-a-room', `${server}/start-more.ts`, './hub/tail.js'],
  ['ways-do-not-know-each-other', `${server}/transports/long-poll.ts`, './sse.js'],
  ['ways-do-not-know-each-other', 'packages/client/src/readers/sse.ts', './long-poll.js'],
  ['log-knows-no-engine', `${server}/log/b.ts`, './engines/memory.js'],
  ['engines-do-not-know-each-other', `${server}/log/engines/disk/a.ts`, '../memory.js'],
  ['ws-has-one-home', `${server}/http/c.ts`, 'ws'],
  ['lmdb-has-one-home', `${server}/hub/c.ts`, 'lmdb'],
  ['development-only', `${server}/hub/d.ts`, 'vitest'],
  ['import-is-found', `${server}/hub/e.ts`, './nowhere.js'],
]

test('a tree whose arrows point down is left alone, and each forbidden import is found', async () => {
  writeTree({ ...tree, ...libraries('ws', 'lmdb', 'commander', 'vitest') })
  for (const name of ['protocol', 'client']) link(name)
  expect(await findArrows(root)).toEqual([])

  writeTree({ [`${server}/cellar/b.ts`]: '', 'packages/client/src/readers/long-poll.ts': '' })
  writeTree(Object.fromEntries(planted.map(([, file, target]) => [file, `import '${target}'`])))
  const found = await findArrows(root)
  // A circle is told of one of its files and names the others.
  const isFound = ([rule, file]) =>
    found.some((each) => each.rule === rule && `${each.file} ${each.message}`.includes(file))
  expect(planted.filter((row) => !isFound(row))).toEqual([])
}, 30_000)

function manifest(name, dependencies = {}) {
  const devDependencies = { vitest: '1' }
  return JSON.stringify({
    name,
    type: 'module',
    exports: { source: './src/index.ts' },
    dependencies,
    devDependencies,
  })
}

function libraries(...names) {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' })],
      [`node_modules/${name}/index.js`, ''],
    ]),
  )
}

function writeTree(files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function link(name) {
  mkdirSync(join(root, 'node_modules/@tidings'), { recursive: true })
  symlinkSync(join(root, 'packages', name), join(root, 'node_modules/@tidings', name))
}
