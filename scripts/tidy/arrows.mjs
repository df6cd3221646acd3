import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const program = inRepository('node_modules/dependency-cruiser/bin/dependency-cruise.mjs')
const rules = inRepository('.dependency-cruiser.cjs')

/**
 * Dependency-cruiser: who may import whom (`.dependency-cruiser.cjs`).
 *
 * @param root  the folder that holds `packages/`
 */
export async function findArrows(root = '.') {
  const args = [program, '--config', rules, '--output-type', 'json', 'packages']
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 2] })
  const { violations, ruleSetUsed } = parseReport(await text(child.stdout)).summary
  const reasons = new Map(ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]))
  return violations.map((violation) => ({
    rule: violation.rule.name,
    file: violation.from,
    message: `${describe(violation)} (${reasons.get(violation.rule.name)})`,
  }))
}

function parseReport(report) {
  try {
    return JSON.parse(report)
  } catch (cause) {
    throw new Error('dependency-cruiser printed no report; its own message is above', { cause })
  }
}

function describe({ to, cycle }) {
  if (cycle) return `imports itself by way of ${cycle.map((step) => step.name ?? step).join(' → ')}`
  return `imports ${to}`
}

function inRepository(path) {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url))
}
