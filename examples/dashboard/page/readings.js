/** As many readings as are kept and drawn: an hour of them. */
const maxReadings = 3_600

/** @type {{ at: number, cpu: object, memory: object, disk: object }[]} in the order of the channel */
export const readings = []

/**
 * @param {unknown} reading  from the network
 * @returns {boolean} whether it is one
 */
export function keep(reading) {
  const { at, cpu, memory, disk } = reading ?? {}
  const numbers = [
    at,
    cpu?.percent,
    memory?.totalBytes,
    memory?.usedBytes,
    disk?.readBytesPerSecond,
    disk?.writtenBytesPerSecond,
  ]
  if (!numbers.every(Number.isFinite) || !Array.isArray(cpu.corePercents)) return false
  readings.push(reading)
  if (readings.length > maxReadings) readings.shift()
  return true
}

/** What is older than the range that is shown. */
export function forgetBefore(ms) {
  while (readings.length > 0 && readings[0].at < ms) readings.shift()
}

export function forgetAll() {
  readings.length = 0
}
