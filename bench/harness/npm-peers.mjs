import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Absent } from './absent.mjs'
import { places } from './places.mjs'

const run = promisify(execFile)
const installMs = 5 * 60_000
let installed

/**
 * Installs the peers that npm has, in the versions of `bench/peers/package-lock.json`, outside of the workspace:
 * nobody who works on the project should have to download them.
 *
 * @returns the path of one of `bench/peers/servers`, beside the packages that it imports
 * @throws Absent when npm can't install them
 */
export async function npmServer(name) {
  installed ??= install()
  await installed
  return join(places.npm, 'servers', name)
}

async function install() {
  await mkdir(places.npm, { recursive: true })
  await cp(join(places.peers, 'servers'), join(places.npm, 'servers'), { recursive: true })
  const lock = await readFile(join(places.peers, 'package-lock.json'), 'utf8')
  const stamp = join(places.npm, 'installed.json')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === lock) return
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    await cp(join(places.peers, name), join(places.npm, name))
  // Who runs us by `npm run` has settings of the workspace in the environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_config_(local|workspace)/.test(key)),
  )
  try {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: places.npm,
      env,
      timeout: installMs,
    })
  } catch (error) {
    throw new Absent(
      `npm could not install it: ${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)}`,
    )
  }
  await writeFile(stamp, lock)
}
