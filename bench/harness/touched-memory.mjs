import { once } from 'node:events'
import { generatorCore, pin } from './machine.mjs'
import { end, start } from './processes.mjs'

const program = `
  const held = Array.from({ length: Number(process.argv[1]) }, () => Buffer.alloc(2 ** 20, 1))
  process.stdout.write('touched')
  process.stdin.on('end', () => held.length = 0).resume()`

/**
 * Uses so much memory and holds it until it is let go. A virtual machine gets a page from its host when it first
 * uses it, and may give it back when nobody has used it for two seconds: getting one costs more than filling it (40 µs
 * and 1 µs here), and whoever happens to use it pays.
 *
 * @returns what lets go of it
 */
export async function touchMemory(megabytes) {
  const words = [...pin(generatorCore), process.execPath, '-e', program, String(megabytes)]
  const child = start(words, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return () => end(child)
}
