import { Command } from 'commander'
import { runningPace, walkingPace } from '../demo/pace.js'
import { play } from '../demo/play.js'
import { Transcript } from '../demo/transcript.js'
import { aborted, untilInterrupted } from '../interruption.js'
import { stdout } from '../output.js'
import { Interrupted } from '../trouble.js'

const examples = `
It starts a server of its own, in memory, on a free port; nothing has to run, and nothing is left behind.

Examples:
  tidings demo
  tidings demo --fast
  NO_COLOR=1 tidings demo | less`

export function demoCommand(): Command {
  return new Command('demo')
    .description('play the same talk in all four ways, and say what each has cost')
    .option('--fast', 'shorter waits: some 3 seconds instead of 14')
    .addHelpText('after', examples)
    .action(demo)
}

async function demo({ fast }: { readonly fast?: true }): Promise<void> {
  const interrupted = untilInterrupted()
  // Nobody who reads it: nobody to play for.
  const ended = AbortSignal.any([interrupted, stdout.gone])
  const write = (text: string) => void stdout.write(text, ended)
  const transcript = new Transcript(write, process.stdout.isTTY && !process.env.NO_COLOR)
  await Promise.race([play(transcript, fast ? runningPace : walkingPace), aborted(ended)])
  if (interrupted.aborted) throw new Interrupted()
}
