import { spawn } from 'node:child_process'

/** Biome: format, lint and the order of imports. It prints its findings itself, with the code around them. */
export function findFormatAndLint() {
  return new Promise((resolve, reject) => {
    const args = ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 2, 2] })
    child.once('error', reject)
    child.once('exit', (code) => {
      const finding = { rule: 'biome', file: '.', message: 'see above; `npm run format` mends most of it' }
      resolve(code === 0 ? [] : [finding])
    })
  })
}
