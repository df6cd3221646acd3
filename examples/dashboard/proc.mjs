/** The files of /proc as numbers: pure, from text. @see proc(5) */

/** The kernel counts a disk's traffic in these, whatever its own sectors are. */
const sectorBytes = 512

/**
 * @param {string} text  of /proc/stat
 * @returns {{ busy: number, total: number }[]} of all cores together, then of each; in ticks since the start
 */
export function cpuTimes(text) {
  return text
    .split('\n')
    .filter((line) => /^cpu\d* /.test(line))
    .map((line) => {
      // Guests' time, at the end, is in `user` and `nice` already.
      const [user, nice, system, idle, ioWait, irq, softIrq, steal] = line.split(/\s+/).slice(1).map(Number)
      const busy = user + nice + system + irq + softIrq + (steal ?? 0)
      return { busy, total: busy + idle + ioWait }
    })
}

/**
 * @param {string} text  of /proc/meminfo
 * @returns {{ totalBytes: number, usedBytes: number }} used: what a new program could not have
 */
export function memoryBytes(text) {
  const bytes = (name) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1])
  const totalBytes = bytes('MemTotal')
  return { totalBytes, usedBytes: totalBytes - bytes('MemAvailable') }
}

/**
 * @param {string} text  of /proc/diskstats
 * @returns {{ readBytes: number, writtenBytes: number }} of all disks since the start
 */
export function diskBytes(text) {
  const rows = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((row) => row.length > 10)
    .map(([, , name, , , sectorsRead, , , , sectorsWritten]) => ({ name, sectorsRead, sectorsWritten }))
  const names = rows.map(({ name }) => name)
  const disks = rows.filter(({ name }) => !isLayered(name) && !names.some((disk) => isPartOf(disk, name)))
  const bytes = (field) => disks.reduce((sum, row) => sum + Number(row[field]), 0) * sectorBytes
  return { readBytes: bytes('sectorsRead'), writtenBytes: bytes('sectorsWritten') }
}

/** What lies in memory, or on other disks that are counted already. */
function isLayered(name) {
  return /^(?:loop|ram|zram|dm-|md|sr|fd)/.test(name)
}

/** As `sda1` is of `sda`, and `nvme0n1p2` of `nvme0n1`. */
function isPartOf(disk, name) {
  return name.startsWith(disk) && /^p?\d+$/.test(name.slice(disk.length))
}
