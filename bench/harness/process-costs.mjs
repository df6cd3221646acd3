import { readFileSync } from 'node:fs'

/** `sysconf(_SC_CLK_TCK)`, the same on every Linux. */
const ticksPerSecond = 100

/** CPU and memory of a process and what it started, as Linux counts them. */
export function readCosts(pid) {
  const processes = tree(pid)
  return {
    cpuSeconds: processes.reduce((sum, each) => sum + cpuSeconds(each), 0),
    residentKb: processes.reduce((sum, each) => sum + residentKb(each), 0),
  }
}

function tree(pid) {
  const threads = read(`/proc/${pid}/task/${pid}/children`)
  const children = threads.split(' ').filter((part) => part !== '')
  return [pid, ...children.flatMap((child) => tree(Number(child)))]
}

function cpuSeconds(pid) {
  // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond
}

function residentKb(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0)
}

/** Nothing, when the process went away in between. */
function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
