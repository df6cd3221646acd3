import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Everything that was started and runs, so that it ends with us, also on Ctrl-C. */
const running = new Set()
const endingMs = 5_000

/** Starts a program in a process group of its own, so that what it starts ends with it. */
export function start(command, options) {
  const child = spawn(command[0], command.slice(1), { detached: true, ...options })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** @returns when it is gone */
export async function end(child) {
  if (!running.has(child)) return
  const gone = once(child, 'exit')
  signal(child, 'SIGTERM')
  const timer = setTimeout(() => signal(child, 'SIGKILL'), endingMs)
  await gone
  clearTimeout(timer)
  // What it had started, if it left something behind.
  signal(child, 'SIGKILL')
}

export function endAllOnExit() {
  process.on('exit', () => {
    for (const child of running) signal(child, 'SIGKILL')
  })
  for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => process.exit(130))
}

function signal(child, name) {
  try {
    process.kill(-child.pid, name)
  } catch {
    // The group is gone, as it should be.
  }
}
