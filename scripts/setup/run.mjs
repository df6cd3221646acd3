import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a script says about its own work; stdout belongs to the server and to the tests' summary. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

/**
 * Runs a program to its end. Its stdout goes to our stderr unless `stdio` says otherwise.
 *
 * @param options.timeoutMs  longest time, after which its whole process group is killed; none by default
 * @returns the exit code; 1 when it was ended by a signal, 127 when it could not be started
 */
export function run(command, args, { timeoutMs, stdio = ['ignore', 2, 2], ...options } = {}) {
  return new Promise((resolve) => {
    const isLimited = timeoutMs !== undefined
    // With a limit it gets a group of its own, so that what it has started ends with it.
    const child = spawn(command, args, { ...options, stdio, detached: isLimited })
    const lifetime = new AbortController()
    if (isLimited) limit(child, command, timeoutMs, lifetime.signal)
    const done = (code) => {
      lifetime.abort()
      resolve(code)
    }
    child.once('error', (error) => {
      say(`${command}: ${error.message}`)
      done(127)
    })
    child.once('exit', (code) => done(code ?? 1))
  })
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP']
const graceMs = 5_000

/** A group of its own hears no Ctrl-C, so what ends us is handed on; and then nothing else is begun. */
function limit(child, command, timeoutMs, lifetime) {
  const timer = setTimeout(() => {
    say(`${command}: not done after ${timeoutMs / 1000} s, ending it`)
    killGroup(child, 'SIGKILL')
  }, timeoutMs)
  const endWithUs = (signal) => {
    child.once('exit', () => process.exit(1))
    killGroup(child, signal)
    setTimeout(() => killGroup(child, 'SIGKILL'), graceMs).unref()
  }
  for (const signal of endings) process.once(signal, endWithUs)
  lifetime.addEventListener('abort', () => {
    clearTimeout(timer)
    for (const signal of endings) process.off(signal, endWithUs)
  })
}

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/**
 * For what asks a package registry. Ends at the first success or after three tries (waits: 3 s, then 10 s);
 * nothing differs between the tries but the time.
 */
export async function runWithRetry(command, args, options) {
  for (const waitMs of [3_000, 10_000]) {
    if ((await run(command, args, options)) === 0) return 0
    say(`${command} failed; trying again in ${waitMs / 1000} s`)
    await sleep(waitMs)
  }
  return run(command, args, options)
}
