import './setup/node-version.mjs'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from './setup/build.mjs'
import { installDependencies } from './setup/dependencies.mjs'
import { say } from './setup/run.mjs'

// `npm start`: installs what is missing, builds what has changed, and serves. Flags go to the server:
// `npm start -- --port 0`. Everything said here goes to stderr; stdout is the server's.

process.chdir(join(dirname(fileURLToPath(import.meta.url)), '..'))

const isReady = (await installDependencies()) && (await build())
if (!isReady) process.exit(1)

const main = 'packages/server/dist/cli/main.js'
if (!existsSync(main)) {
  say(`tidings: ${main} is missing although the build passed; remove packages/*/dist and try again`)
  process.exit(1)
}

if (process.env.npm_lifecycle_event === 'start') stopWithNpm()

// The server runs in this process: signals, exit code and stdio are its own, and there is no child to orphan.
process.argv = [process.execPath, join(process.cwd(), main), 'serve', ...process.argv.slice(2)]
await import(pathToFileURL(process.argv[1]).href)

/**
 * npm hands SIGINT and SIGTERM on, but can't hand on SIGKILL: then we have another parent, and a server that
 * nobody waits for would keep the port and the data folder. Only under npm: whoever starts this file directly
 * in the background may leave it running.
 */
function stopWithNpm() {
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    say('tidings: npm is gone, stopping')
    process.kill(process.pid, 'SIGTERM')
  }, 500)
  watch.unref()
}
