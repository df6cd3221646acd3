import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { Absent } from './absent.mjs'
import { places } from './places.mjs'
import { findProgram } from './programs.mjs'

/** It runs where it is compiled. */
const optimisations = ['-O3', '-march=native']

/**
 * Compiles the load generator when its sources have changed; with TLS where OpenSSL's headers are.
 *
 * @returns its path
 * @throws Absent without a compiler
 */
export function buildLoadgen() {
  const compiler = findProgram('gcc') ?? findProgram('cc')
  if (!compiler) throw new Absent('the load generator needs a C compiler (gcc and libc6-dev)')
  const sources = readdirSync(places.loadgen).sort()
  const hash = createHash('sha256').update(optimisations.join(' '))
  for (const name of sources) hash.update(name).update(readFileSync(join(places.loadgen, name)))
  const hasTls = existsSync('/usr/include/openssl/ssl.h')
  const program = join(places.cache, `loadgen-${hash.digest('hex').slice(0, 12)}${hasTls ? '-tls' : ''}`)
  if (existsSync(program)) return program
  mkdirSync(places.cache, { recursive: true })
  const files = sources.filter((name) => name.endsWith('.c')).map((name) => join(places.loadgen, name))
  // Under another name first, since another process may be compiling the same.
  const made = `${program}.${process.pid}`
  const tls = hasTls
    ? { flags: ['-DWITH_TLS'], libraries: ['-lssl', '-lcrypto'] }
    : { flags: [], libraries: [] }
  const args = [
    ...optimisations,
    '-Wall',
    '-Wextra',
    '-Werror',
    ...tls.flags,
    '-o',
    made,
    ...files,
    ...tls.libraries,
  ]
  execFileSync(compiler, args, { stdio: ['ignore', 2, 2] })
  renameSync(made, program)
  return program
}
