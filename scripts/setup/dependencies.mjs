import { readFileSync } from 'node:fs'
import { runWithRetry, say } from './run.mjs'

/** Installs the npm packages when what is in `node_modules` is not what `package-lock.json` says. */
export async function installDependencies() {
  if (isInstalled()) return true
  say('tidings: installing npm packages (npm ci)')
  // The npm that runs us, if one does. Without the log level an outer `--silent` would hide why it failed;
  // without the include, NODE_ENV=production would leave out the compiler. No package needs its install script,
  // since binaries come prebuilt; newer versions of npm don't run them anyway.
  const npm = process.env.npm_execpath
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn']
  const code = npm
    ? await runWithRetry(process.execPath, [npm, ...args])
    : await runWithRetry('npm', args, { shell: process.platform === 'win32' })
  if (code !== 0) say('tidings: npm ci failed. Is the npm registry reachable? Its own message is above.')
  return code === 0
}

/**
 * npm leaves a copy of the lock file in `node_modules` as the last act of an installation. Comparing it with
 * the lock file itself needs no stamp of ours, and accepts what a developer installed by hand.
 */
function isInstalled() {
  const installed = readPackages('node_modules/.package-lock.json')
  const wanted = readPackages('package-lock.json')
  if (!installed || !wanted) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || !path.startsWith('node_modules/')) return true
    const found = installed[path]
    // Builds for other platforms are in the lock file only.
    if (!found) return entry.optional === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}
