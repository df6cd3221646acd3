import '../../scripts/setup/node-version.mjs'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from '../../scripts/setup/build.mjs'
import { installDependencies } from '../../scripts/setup/dependencies.mjs'

/**
 * What an example is while it runs.
 *
 * @typedef {object} Example
 * @property {string} url     where its page is
 * @property {string} server  where its Tidings server is
 * @property {() => Promise<void>} close
 */

/**
 * The command `node examples/<name>/start.mjs [--port <number>]`: runs an example until Ctrl-C.
 *
 * @param {string} name
 * @param {number} defaultPort
 * @param {() => Promise<{ start: (port: number) => Promise<Example> }>} load  imports the example: what it stands
 *   on need not be built before this file is read
 */
export async function runExample(name, defaultPort, load) {
  const port = portOf(name, defaultPort)
  await makeReady()
  const { start } = await load()
  const example = await start(port).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error
    fail(`${name}: port ${port} is taken. --port 0 picks a free one.`)
  })
  console.log(`${name}: its Tidings server listens on ${example.server}`)
  console.log(`${name}: open ${example.url}`)
  let isClosing = false
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      // Who asks twice does not want to wait for what is under way.
      if (isClosing) process.exit(1)
      isClosing = true
      void example.close()
    })
  }
}

function portOf(name, defaultPort) {
  const usage = `usage: node examples/${name}/start.mjs [--port <number>] (default ${defaultPort}, 0 picks a free one)`
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' } } })
    const port = Number(values.port ?? defaultPort)
    if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  } catch {
    // An option that there is not: the same sentence helps.
  }
  fail(usage)
}

/** From a fresh clone one command is enough: installs and builds when nothing is built yet. */
async function makeReady() {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  if (existsSync(`${root}packages/server/dist/index.js`) && existsSync(`${root}node_modules/tidings`)) return
  process.chdir(root)
  const isReady = (await installDependencies()) && (await build())
  if (!isReady) process.exit(1)
}

/** @returns {never} */
function fail(sentence) {
  console.error(sentence)
  process.exit(1)
}
