import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { findProgram } from './programs.mjs'

/** Above this, what others do on the machine is a part of every figure. */
const quietLoad = 0.5

/** What a reader of the figures wants to know about the machine. */
export function describeMachine() {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: systemName(),
    kernel: release(),
    node: process.version,
    loadAtStart: Number(loadavg()[0].toFixed(2)),
  }
}

/** @returns sentences about what makes this machine's figures worth less */
export function warnings(machine) {
  const found = []
  if (machine.loadAtStart > quietLoad)
    found.push(
      `The machine is busy (load ${machine.loadAtStart} before the start): figures are too low, and differ.`,
    )
  if (machine.cores < 2)
    found.push('There is one core only: the server and the generator take it from each other.')
  else if (!findProgram('taskset'))
    found.push('There is no taskset: the server and the generator are not pinned.')
  return found
}

/** @returns the words before a command that keep it on one core, if there are two */
export function pin(core) {
  const taskset = findProgram('taskset')
  return availableParallelism() >= 2 && taskset ? [taskset, '-c', String(core)] : []
}

export const serverCore = 0
export const generatorCore = 1

function systemName() {
  try {
    return /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}
