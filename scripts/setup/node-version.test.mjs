import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const check = fileURLToPath(new URL('./node-version.mjs', import.meta.url))

function runOnNode(version) {
  const versions = JSON.stringify({ ...process.versions, node: version })
  const pretend = `Object.defineProperty(process, 'versions', { value: ${versions} })`
  const args = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, check]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

test.each(['18.20.4', '20.18.3'])('Node %s is refused in a sentence that says what is needed', (version) => {
  const { status, stderr } = runOnNode(version)
  expect(status).toBe(1)
  expect(stderr).toContain(`tidings needs Node.js 20.19 or newer; this is ${version}.`)
})

test.each(['20.19.0', '22.0.0', '24.1.0'])('Node %s is taken', (version) => {
  expect(runOnNode(version)).toMatchObject({ status: 0, stderr: '' })
})
