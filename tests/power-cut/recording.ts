import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Operation, parseTrace } from './trace.js'

/** What becomes of the syncs: see trace.c. */
export type Syncs = 'done' | 'leave-out' | `fail-one-after:${number}` | `kill-in-write:${number}`

/** One run of a load, with all that it did to the disk. */
export interface Recording {
  /** Holds the trace and the folder that was watched. */
  readonly folder: string
  readonly top: string
  readonly topInode: bigint
  readonly syncs: Syncs
  readonly operations: readonly Operation[]
}

/** @returns the reason why the layer can't be built here, if it can't */
export function whyNotBuilt(): string | undefined {
  if (process.platform !== 'linux') return 'the layer under the store is for Linux'
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'there is no gcc to build the layer under the store with (Debian: apt-get install gcc libc6-dev)'
  }
}

let layerFolder: string | undefined

/** Builds trace.c, once for this process. */
export function buildLayer(): string {
  const folder = layerFolder ?? mkdtempSync(join(tmpdir(), 'tidings-trace-'))
  const built = join(folder, 'trace.so')
  if (layerFolder) return built
  const source = fileURLToPath(new URL('trace.c', import.meta.url))
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', built, source, '-ldl', '-lpthread'])
  layerFolder = folder
  return built
}

export function discardLayer(): void {
  if (layerFolder) rmSync(layerFolder, { recursive: true, force: true })
  layerFolder = undefined
}

/** A file to run with Node, then its arguments; `{data}` and `{trace}` stand for the data folder and the trace. */
export type Program = readonly string[]

/**
 * Runs a load over the layer until it ends by itself.
 *
 * @param program  makes the data folder, and adds notes of what it was told to the trace
 * @param next     for when `syncs` kills the load: goes on with its folder, and with syncs that are done
 */
export async function record(program: Program, syncs: Syncs, next?: Program): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-power-cut-'))
  mkdirSync(join(folder, 'disk'))
  try {
    await run(folder, program, syncs, next ? 'SIGKILL' : 0)
    if (next) await run(folder, next, 'done', 0)
    return readRecording(folder, syncs)
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Reads a recording again that was kept. */
export function readRecording(folder: string, syncs: Syncs): Recording {
  const top = join(folder, 'disk')
  const { ino } = statSync(top, { bigint: true })
  const operations = parseTrace(readFileSync(join(folder, 'trace')))
  return { folder, top, topInode: ino, syncs, operations }
}

async function run(folder: string, program: Program, syncs: Syncs, end: 0 | 'SIGKILL'): Promise<void> {
  const trace = join(folder, 'trace')
  const top = join(folder, 'disk')
  const places: Record<string, string> = { '{data}': join(top, 'data'), '{trace}': trace }
  const child = spawn(
    process.execPath,
    program.map((argument) => places[argument] ?? argument),
    {
      env: {
        ...process.env,
        LD_PRELOAD: buildLayer(),
        TRACE_FOLDER: top,
        TRACE_FILE: trace,
        TRACE_SYNCS: syncs,
        // What goes to the kernel by io_uring does not pass through libc, so not through the layer.
        UV_USE_IO_URING: '0',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  if ((code ?? signal) !== end) throw new Error(`The load ended with ${code ?? signal}, expected ${end}`)
}

export function discard(recording: Recording): void {
  rmSync(recording.folder, { recursive: true, force: true })
}
