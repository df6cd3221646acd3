import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)

/** Where things are; what is made or installed goes to `.cache/bench`, which git does not see. */
export const places = {
  root: fileURLToPath(root),
  cache: fileURLToPath(new URL('.cache/bench/', root)),
  results: fileURLToPath(new URL('.cache/bench/results/', root)),
  loadgen: fileURLToPath(new URL('bench/loadgen/', root)),
  peers: fileURLToPath(new URL('bench/peers/', root)),
  /** The peers' npm packages, and copies of the servers that use them. */
  npm: fileURLToPath(new URL('.cache/bench/npm/', root)),
  docs: fileURLToPath(new URL('docs/', root)),
}
