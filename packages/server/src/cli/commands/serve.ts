import { X509Certificate } from 'node:crypto'
import { Command, InvalidArgumentError, Option } from 'commander'
import {
  type RunningServer,
  resolveSettings,
  type SettingDescription,
  SettingInvalid,
  type Settings,
  settingDescriptions,
  startServer,
} from '../../index.js'
import { aborted, untilInterrupted } from '../interruption.js'
import { note } from '../notes.js'
import { stdout } from '../output.js'
import { CommandFailed } from '../trouble.js'

const examples = `
When it is ready it says "tidings listening on <url>" on stdout; everything else goes to stderr.
Ctrl-C or SIGTERM stops it without losing anything that was acknowledged; a second one stops it at once.

Examples:
  tidings serve                                    on http://127.0.0.1:4437, log in ./data
  tidings serve --port 0 --engine memory           on a free port, nothing is kept
  tidings serve --data /var/lib/tidings            log in another folder
  TIDINGS_PORT=8080 tidings serve                  settings may be environment variables
  tidings serve --port 443 --tls-cert chain.pem --tls-key key.pem
                                                   HTTPS and HTTP/2; SIGHUP reads the files again
  tidings serve --tls-self-signed                  HTTPS, to try it
  tidings serve --allow-origin https://app.example pages of that origin may talk to it`

/** The flags are those of the settings: one schema for flags, environment variables and options. */
export function serveCommand(): Command {
  const command = new Command('serve').description('start a server')
  for (const description of settingDescriptions) command.addOption(flagOf(description))
  return command.addHelpText('after', examples).action(serve)
}

function flagOf({ flag, placeholder, help, variable, fallback, parse }: SettingDescription): Option {
  const usual = placeholder === undefined || String(fallback) === '' ? '' : `; default ${fallback}`
  const option = new Option(
    placeholder === undefined ? flag : `${flag} <${placeholder}>`,
    `${help} (${variable}${usual})`,
  )
  if (placeholder === undefined) return option
  return option.argParser((text) => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof SettingInvalid) throw new InvalidArgumentError(error.message)
      throw error
    }
  })
}

async function serve(given: Partial<Settings>): Promise<void> {
  // Listening for them first: a stop that comes while the folder is being opened is one as well.
  const interrupted = untilInterrupted()
  const settings = resolveSettings(given, process.env)
  const server = await start(settings)
  note(
    settings.engine === 'memory'
      ? 'the log is in memory: it is gone when the server stops'
      : `the log is in ${settings.data} (${settings.durability})`,
  )
  sayOfTls(server)
  if (settings.tlsCert !== '') renewOnHangup(server)
  await stdout.write(`tidings listening on ${server.url}\n`, interrupted)
  await aborted(interrupted)
  note('stopping')
  await server.close()
  if (server.storageFailure) endAtOnce()
}

/** After some failed writes lmdb waits for ever where a process ends by itself; all is said and done by now. */
function endAtOnce(): void {
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
}

async function start(settings: Settings): Promise<RunningServer> {
  try {
    return await startServer({ ...settings, onWarning: note })
  } catch (error) {
    throw listenTrouble(error, settings) ?? error
  }
}

function sayOfTls({ settings, certificate }: RunningServer): void {
  if (!settings.tlsSelfSigned || certificate === undefined) return
  const { fingerprint256 } = new X509Certificate(certificate)
  note(`the certificate is self-signed, so browsers warn and curl wants -k; its SHA-256 is ${fingerprint256}`)
}

/** SIGHUP: the certificate was renewed. Without one, it ends the process as it ends any other. */
function renewOnHangup(server: RunningServer): void {
  process.on('SIGHUP', () => {
    server.renewCertificate().then(
      () => note('the certificate was read again; connections from now on get it'),
      (error: Error) => note(`${error.message} The certificate from before stays in use.`),
    )
  })
}

function listenTrouble(error: unknown, { host, port }: Settings): CommandFailed | undefined {
  const sentences: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is in use. Stop what listens there, or choose another with --port or TIDINGS_PORT (0 picks a free one).`,
    EACCES: `This user may not listen on port ${port}. Choose one from 1024 on with --port or TIDINGS_PORT.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose another with --host or TIDINGS_HOST.`,
    ENOTFOUND: `${host} is no address. Choose another with --host or TIDINGS_HOST.`,
  }
  const { code, syscall } = error as { code?: unknown; syscall?: unknown }
  const isOfListening = syscall === 'listen' || syscall === 'getaddrinfo'
  const sentence = isOfListening && typeof code === 'string' ? sentences[code] : undefined
  return sentence === undefined ? undefined : new CommandFailed(sentence, { cause: error })
}
