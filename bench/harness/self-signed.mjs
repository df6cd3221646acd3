import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Absent } from './absent.mjs'
import { findProgram } from './programs.mjs'

/** @returns the paths of a certificate and its key (P-256, as Tidings makes them), for peers that want files */
export function selfSigned(folder) {
  const openssl = findProgram('openssl')
  if (!openssl) throw new Absent('its certificate needs openssl')
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  const args = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
  ]
  execFileSync(openssl, [...args, '-subj', '/CN=localhost', '-keyout', key, '-out', certificate], {
    stdio: 'ignore',
  })
  return { certificate, key }
}
