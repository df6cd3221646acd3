import { readFileSync } from 'node:fs'

/** The package's version, from the manifest that is shipped with it. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
