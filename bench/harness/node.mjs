import { fileURLToPath } from 'node:url'

const monitor = fileURLToPath(new URL('loop-monitor.mjs', import.meta.url))

/** The words that start a Node server, with the monitor of its event loop when that is asked for. */
export function node(hasMonitor = false) {
  return [process.execPath, ...(hasMonitor ? ['--import', monitor] : [])]
}
