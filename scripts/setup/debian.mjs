import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { runWithRetry, say } from './run.mjs'

/** What tests need beside Node, how to see that it is here, and which Debian package brings it. */
const tools = [
  {
    package: 'chromium',
    isHere: () => onPath('chromium') || onPath('chromium-browser') || onPath('google-chrome'),
  },
  // The power-cut test builds a small library that stands under the store.
  { package: 'gcc', isHere: () => onPath('gcc') || onPath('cc') },
  { package: 'libc6-dev', isHere: () => existsSync('/usr/include/dlfcn.h') },
  { package: 'strace', isHere: () => onPath('strace') },
  { package: 'curl', isHere: () => onPath('curl') },
  { package: 'procps', isHere: () => onPath('ps') },
  // What stands between servers and the world, with Debian's settings.
  { package: 'nginx', isHere: () => onPath('nginx') || existsSync('/usr/sbin/nginx') },
  { package: 'haproxy', isHere: () => onPath('haproxy') || existsSync('/usr/sbin/haproxy') },
]

/**
 * Installs what is missing where it may (root, with apt-get). Elsewhere it says what is missing, and the tests
 * that need it report themselves as skipped.
 */
export async function installDebianPackages() {
  const missing = tools.filter((tool) => !tool.isHere()).map((tool) => tool.package)
  if (missing.length === 0) return true
  if (!mayInstall()) {
    say(`tidings: tests that need ${missing.join(', ')} will be skipped: not found, and not root on Debian.`)
    say(`         To run them as well: sudo apt-get install ${missing.join(' ')}`)
    return true
  }
  say(`tidings: installing Debian packages: ${missing.join(', ')}`)
  // Debian starts what it installs. Tests start their own, and port 80 may be somebody's.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', SYSTEMD_OFFLINE: '1' }
  // A fresh machine has no package lists, an old one has lists that name packages that are gone.
  const isUpdated = (await runWithRetry('apt-get', ['update', '-q'], { env })) === 0
  const install = ['install', '-y', '-q', '--no-install-recommends', ...missing]
  const isInstalled = isUpdated && (await runWithRetry('apt-get', install, { env })) === 0
  if (!isInstalled) say('tidings: apt-get failed; its own message is above')
  return isInstalled
}

function mayInstall() {
  return process.getuid?.() === 0 && onPath('apt-get')
}

function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}
