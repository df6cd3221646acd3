import { fileURLToPath } from 'node:url'

const monitor = fileURLToPath(new URL('loop-monitor.mjs', import.meta.url))

/**
 * The words that start a Node server, with the monitor of its event loop when that is asked for. A server has one core,
 * which V8 does not know: the four threads with which it collects garbage would take four fifths of that core meanwhile.
 */
export function node(hasMonitor = false) {
  return [process.execPath, '--v8-pool-size=1', ...(hasMonitor ? ['--import', monitor] : [])]
}
