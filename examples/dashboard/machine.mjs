import { readFile } from 'node:fs/promises'
import { cpuTimes, diskBytes, memoryBytes } from './proc.mjs'

/**
 * What a reading says.
 *
 * @typedef {object} Reading
 * @property {number} at  milliseconds since 1970
 * @property {{ percent: number, corePercents: number[] }} cpu  busy since the reading before
 * @property {{ totalBytes: number, usedBytes: number }} memory
 * @property {{ readBytesPerSecond: number, writtenBytesPerSecond: number }} disk  of all disks
 */

/** Reads this machine (Linux) from /proc. */
export class MachineReader {
  #before

  /** @returns {Promise<Reading | undefined>} none the first time: rates need two looks */
  async read() {
    const [stat, memory, disks] = await Promise.all(['stat', 'meminfo', 'diskstats'].map(readProc))
    const now = { at: Date.now(), uptimeMs: performance.now(), cpu: cpuTimes(stat), disk: diskBytes(disks) }
    const before = this.#before
    this.#before = now
    if (before === undefined) return undefined
    const seconds = (now.uptimeMs - before.uptimeMs) / 1000
    const [percent, ...corePercents] = now.cpu.map((times, index) => busyPercent(before.cpu[index], times))
    return {
      at: now.at,
      cpu: { percent, corePercents },
      memory: memoryBytes(memory),
      disk: {
        readBytesPerSecond: Math.round((now.disk.readBytes - before.disk.readBytes) / seconds),
        writtenBytesPerSecond: Math.round((now.disk.writtenBytes - before.disk.writtenBytes) / seconds),
      },
    }
  }
}

function readProc(name) {
  return readFile(`/proc/${name}`, 'utf8')
}

/** A core that was switched on meanwhile has no time before. */
function busyPercent(before = { busy: 0, total: 0 }, now) {
  const total = now.total - before.total
  if (total <= 0) return 0
  // Time that a guest's steal clock gives back would make it less than nothing.
  const busy = Math.min(total, Math.max(0, now.busy - before.busy))
  return Math.round((1000 * busy) / total) / 10
}
