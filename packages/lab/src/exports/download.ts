/** A browser reads the object after the click: it is let go of only then. */
const keptForMs = 10_000

/** Offers `blob` as a file. To be called while a click or key is handled; browsers refuse others. */
export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.hidden = true
  document.body.append(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), keptForMs)
}

/** `tidings-lab-long-poll-2026-11-25T14-05-09.svg`: no colon, which some file systems refuse. */
export function fileNameOf(what: string, at: Date, extension: string): string {
  const time = at.toISOString().slice(0, 19).replaceAll(':', '-')
  return `tidings-lab-${what.replace(/[^a-z0-9-]+/gi, '-')}-${time}.${extension}`
}
