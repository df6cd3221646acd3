import { node } from '../harness/node.mjs'
import { npmServer } from '../harness/npm-peers.mjs'
import { selfSigned } from '../harness/self-signed.mjs'

/** A peer's `install` and `serve` for one of `servers/` that runs on Node, with and without TLS. */
export function nodeServer(name) {
  return {
    hasTls: true,
    install: () => npmServer(name),
    async serve({ port, folder, isTls = false }) {
      const { certificate, key } = isTls ? selfSigned(folder) : {}
      const files = isTls ? [certificate, key] : []
      return { command: [...node(), await npmServer(name), String(port), ...files] }
    },
  }
}
