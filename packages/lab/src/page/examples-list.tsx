import { CopyButton } from './controls/copy-button.js'

interface Example {
  readonly title: string
  readonly description: string
  /** What starts it, from the folder of the project. */
  readonly command: string
  /** Where it is then. */
  readonly address: string
}

function example(name: string, port: number, title: string, description: string): Example {
  return {
    title,
    description,
    command: `node examples/${name}/start.mjs`,
    address: `http://127.0.0.1:${port}/`,
  }
}

/** Programs to look into; each is started by one command. */
const examples: readonly Example[] = [
  example(
    'cake-shop',
    4441,
    'Cake shop',
    'An order hears about its cake over any way, changed while it runs.',
  ),
  example('arena', 4442, 'Arena', 'A game for several players over WebSocket, 20 ticks a second.'),
  example(
    'dashboard',
    4443,
    'Dashboard',
    'Processor, memory and disk of the machine, over Server-Sent Events.',
  ),
  example('token-stream', 4444, 'Token stream', 'An answer that comes word by word, and survives a reload.'),
]

export function ExamplesList() {
  return (
    <section id="examples" class="examples" aria-labelledby="examples-title">
      <h2 id="examples-title">Examples</h2>
      <p class="lead">Small apps to read and to start; each is at its address when its command runs.</p>
      <ul>
        {examples.map(({ title, description, command, address }) => (
          <li key={command} class="card">
            <a href={address}>{title}</a>
            <p>{description}</p>
            <div class="command">
              <code>{command}</code>
              <CopyButton text={() => command} of={`the command of ${title}`} />
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
