import { once } from 'node:events'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { buildLoadgen } from './build-loadgen.mjs'
import { generatorCore, pin } from './machine.mjs'
import { end, start } from './processes.mjs'

/** Beyond what it was told to take; then something hangs. */
const graceMs = 90_000

/**
 * Runs the load generator once.
 *
 * @param load     its options in camelCase (`bench/loadgen/options.c` explains each); and `niceness`, for one that another
 *                 that measures delays shares its core with
 * @param onPhase  called at `connected`, `measuring` and `measured`; the generator goes on meanwhile, but for an
 *                 idle run, which ends when the promise of `connected` is over
 * @returns its report
 * @throws GenerationFailed when the run could not be made
 */
export async function generate({ niceness = 0, ...load }, onPhase = () => {}) {
  const args = Object.entries(load).flatMap(([name, value]) => [flagOf(name), String(value)])
  const child = start([...pin(generatorCore), buildLoadgen(), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  if (niceness > 0) setPriority(child.pid, niceness)
  // It may have ended before its input does.
  child.stdin.on('error', () => {})
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-2_000)
  })
  const { warmMs = 1_000, measureMs = 3_000, drainMs = 2_000 } = load
  const timer = setTimeout(() => end(child), warmMs + measureMs + drainMs + graceMs)
  const exit = once(child, 'exit')
  let report
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) report = JSON.parse(line)
    else {
      await onPhase(line)
      if (line === 'connected') child.stdin.end()
    }
  }
  await exit
  clearTimeout(timer)
  if (!report) throw new GenerationFailed(said.trim() || 'the load generator took too long and was ended')
  return { ...report, said: said.trim() }
}

export class GenerationFailed extends Error {}

/** @returns what was wrong with what subscribers heard, as a sentence, or undefined */
export function findWrongs(report) {
  const kinds = {
    gaps: 'gaps in a sequence',
    repeats: 'messages heard again or too late',
    malformed: 'answers that could not be read',
    cut: 'connections cut',
    refused: 'publishes refused',
    missing: 'messages that never came',
    extra: 'messages too many',
  }
  const found = Object.entries(kinds).filter(([kind]) => report[kind] > 0)
  if (found.length === 0) return undefined
  return found.map(([kind, words]) => `${report[kind]} ${words}`).join(', ')
}

function flagOf(name) {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
