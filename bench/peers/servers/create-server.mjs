import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'

const [, , , certificate, key] = process.argv

/** Over TLS when a certificate and its key are named after the port. */
export function createServer(listener) {
  if (!certificate) return http.createServer(listener)
  return https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, listener)
}
