const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** As in `12.4 MB`; thousands, not 1,024s. */
export function bytes(value) {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3))
  const number = value / 1000 ** power
  return `${number.toFixed(power === 0 || number >= 100 ? 0 : 1)} ${units[power]}`
}

export function bytesPerSecond(value) {
  return `${bytes(value)}/s`
}

export function percent(value) {
  return `${value.toFixed(1)} %`
}

export function clock(ms) {
  return new Date(ms).toLocaleTimeString([], { timeStyle: 'medium', hourCycle: 'h23' })
}
