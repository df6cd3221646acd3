/** What stands where there is nothing to tell. */
export const nothing = '–'

/** `0`, `1,204`, `12.4k`, `1.2M`: never wider than six characters, so that what is beside it stays where it is. */
export function formatCount(count: number): string {
  if (count < 10_000) return Math.round(count).toLocaleString('en')
  return count < 1_000_000 ? `${short(count / 1_000)}k` : `${short(count / 1_000_000)}M`
}

/** `0 B`, `980 B`, `12.4 kB`, `1.2 MB`; thousands, as networks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${Math.round(bytes)} B`
  if (bytes < 999_950) return `${short(bytes / 1_000)} kB`
  return bytes < 999_950_000 ? `${short(bytes / 1_000_000)} MB` : `${short(bytes / 1_000_000_000)} GB`
}

/** `0.4 ms`, `12 ms`, `980 ms`, `1.20 s` */
export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return nothing
  if (Math.abs(ms) < 9.95) return `${ms.toFixed(1)} ms`
  if (Math.abs(ms) < 999.5) return `${Math.round(ms)} ms`
  return Math.abs(ms) < 99_950 ? `${(ms / 1_000).toFixed(2)} s` : `${Math.round(ms / 1_000)} s`
}

/** `0:07`, `12:34`, `1:02:03` */
export function formatElapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3_600)
  const minutes = Math.floor((whole % 3_600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** `0.05`, `2`, `12.5` */
export function formatRate(perSecond: number): string {
  return perSecond.toLocaleString('en', { maximumFractionDigits: perSecond < 1 ? 2 : 1 })
}

function short(value: number): string {
  return value < 99.95 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
