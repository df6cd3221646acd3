// LMDB or a segment log of our own? Build first (`npm run build`), then
//
//     node bench/engine-choice/run.mjs [runs, 5] [seconds of each, 3]
//
// Each run is a process of its own on a fresh folder under the temporary folder; the two take turns, so that
// what else goes on on the machine hits both. Prints medians, and LMDB's over the segment log's.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDiskEngine } from '../../packages/server/dist/log/engines/disk/index.js'
import { SegmentEngine } from './segment-engine.mjs'
import { opening, publish, replayFlatOut, replayPaced } from './workloads.mjs'

const engines = {
  lmdb: { open: (folder) => openDiskEngine({ folder, durability: 'fsync' }), file: 'data.mdb' },
  segment: { open: (folder) => SegmentEngine.open(folder), file: 'journal' },
}

const workloads = { publish, replayPaced, replayFlatOut, opening }

const [first, second, third] = process.argv.slice(2)
if (first in engines) await runOnce(first, second, Number(third))
else runAll(Number(first ?? 5), Number(second ?? 3))

async function runOnce(name, workload, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-bench-'))
  const { open, file } = engines[name]
  const figures = await workloads[workload](() => open(folder), seconds)
  const megabytes = statSync(join(folder, file)).size / 1e6
  rmSync(folder, { recursive: true })
  const residentMb = process.memoryUsage().rss / 1e6
  console.log(JSON.stringify({ ...figures, 'file MB': megabytes, 'resident MB': residentMb }))
}

function runAll(runs, seconds) {
  const self = fileURLToPath(import.meta.url)
  for (const workload of Object.keys(workloads)) {
    const results = { lmdb: [], segment: [] }
    for (let run = 0; run < runs; run++) {
      for (const name of run % 2 ? ['segment', 'lmdb'] : ['lmdb', 'segment']) {
        results[name].push(JSON.parse(execFileSync(process.execPath, [self, name, workload, `${seconds}`])))
      }
    }
    console.log(`\n${workload}: median of ${runs} runs`)
    for (const figure of Object.keys(results.lmdb[0])) {
      const [lmdb, segment] = [median(results.lmdb, figure), median(results.segment, figure)]
      const ratio = (lmdb / segment).toFixed(2)
      console.log(`  ${figure.padEnd(24)} lmdb ${round(lmdb)}  segment ${round(segment)}  ratio ${ratio}`)
    }
  }
}

function median(results, figure) {
  return results.map((result) => result[figure]).sort((a, b) => a - b)[results.length >> 1]
}

function round(value) {
  return (value >= 100 ? value.toFixed(0) : value.toPrecision(3)).padStart(8)
}
