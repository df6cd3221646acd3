#!/usr/bin/env node
import { CommanderError } from 'commander'
import { exitCode } from './exit-code.js'
import { note } from './notes.js'
import { stdout } from './output.js'
import { createProgram } from './program.js'
import { troubleOf } from './trouble.js'

/** @returns the exit code */
async function run(): Promise<number> {
  try {
    await createProgram().parseAsync()
    return exitCode.ok
  } catch (error) {
    // It has said what was wrong, or printed the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage
    const { sentence, code } = troubleOf(error)
    if (sentence !== undefined) note(sentence)
    return code
  }
}

const code = await run()
await stdout.finish()
// Connections that are kept alive for a next request would keep the process for seconds.
process.exit(code)
