import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { places } from './places.mjs'

const installMs = 5 * 60_000
const copied = ['hear', 'servers']
const named = ['package.json', 'package-lock.json', '.npmrc']

/**
 * Installs the clients and their servers in the versions of `package-lock.json`, outside of the workspace, and lays
 * what imports them beside them. Ours is found from there too: it is a package of the workspace above.
 */
export async function install() {
  await mkdir(places.results, { recursive: true })
  for (const name of copied)
    await cp(join(places.here, name), join(places.installed, name), { recursive: true })
  const lock = await readFile(join(places.here, 'package-lock.json'), 'utf8')
  const stamp = join(places.installed, 'installed.json')
  if ((await readFile(stamp, 'utf8').catch(() => '')) === lock) return
  for (const name of named) await cp(join(places.here, name), join(places.installed, name))
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  // Who runs us by `npm run` has settings of the workspace in the environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^npm_config_(local|workspace)/.test(key)),
  )
  await promisify(execFile)('npm', args, { cwd: places.installed, env, timeout: installMs })
  await writeFile(stamp, lock)
}

/** esbuild as it is pinned here. */
export function bundler() {
  return createRequire(join(places.installed, 'package.json'))('esbuild')
}

/** @returns the version of a package that was installed */
export async function versionOf(name) {
  const file = join(places.installed, 'node_modules', name, 'package.json')
  return JSON.parse(await readFile(file, 'utf8')).version
}
