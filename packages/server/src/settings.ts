import { checkNamePattern, isLoopbackHost, NamePatternInvalid } from './access/index.js'

/** Everything that can be set, with its default: the one schema of flags, environment variables and options. */
export interface Settings {
  host: string
  /** 0 picks a free one. */
  port: number
  /** The folder that the disk engine keeps its log in. */
  data: string
  engine: 'disk' | 'memory'
  durability: 'fsync' | 'os'
  longPollMs: number
  heartbeatMs: number
  /** An event stream ends by itself after so long, and its reader comes back; 0 for never. */
  sseMaxAgeMs: number
  /** Patterns of names whose channels a first publish or subscription makes. */
  autoCreate: readonly string[]
  /** Origins whose pages may talk to the server, or `*`. */
  allowOrigin: readonly string[]
  maxMessageBytes: number
  maxBodyBytes: number
  maxNameBytes: number
  /** Bodies of all requests that are under way, together; at least one of the largest has room. */
  maxBodiesBytes: number
  maxConnections: number
  /** History is given coded (gzip, br) to readers that ask for it. */
  compression: 'on' | 'off'
  /** Who gets the Lab's page: anybody who reaches the server, nobody, or nobody but this machine's users. */
  lab: 'on' | 'off' | 'loopback'
  /** Listening on an address that others can reach is meant so. */
  public: boolean
  /** The file of the server's certificate with its chain, PEM; none for HTTP without TLS. */
  tlsCert: string
  /** The file of the certificate's key, PEM. */
  tlsKey: string
  /** TLS with a certificate that nobody vouches for, made at the start. */
  tlsSelfSigned: boolean
}

export interface SettingDescription {
  readonly name: keyof Settings
  /** As in `--long-poll-ms`. */
  readonly flag: string
  /** As in `TIDINGS_LONG_POLL_MS`. */
  readonly variable: string
  readonly placeholder: string | undefined
  readonly help: string
  readonly fallback: Settings[keyof Settings]
  /** @throws SettingInvalid */
  readonly parse: (text: string) => Settings[keyof Settings]
}

/** A setting that can not be used; the message says what would be. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid'
  readonly code = 'setting-invalid'
}

/**
 * A text may grow sixfold on its way to a reader (a control character in JSON, an empty line in an event), and V8's
 * longest string has 512 MiB: one that is longer would end the process.
 */
const largestMessageBytes = 64 * 1024 * 1024

export const settingDescriptions: readonly SettingDescription[] = [
  text('host', 'address', 'address to listen on', '127.0.0.1'),
  count('port', 'number', 'port to listen on; 0 picks a free one', 4437, 0, 65_535),
  text('data', 'folder', 'folder of the disk engine', './data'),
  choice('engine', 'where the log is kept', ['disk', 'memory'], 'disk'),
  choice(
    'durability',
    'what an acknowledgement means: flushed to the disk, or given to the system',
    ['fsync', 'os'],
    'fsync',
  ),
  count('longPollMs', 'ms', 'how long a poll is held', 25_000, 0, 55_000),
  count('heartbeatMs', 'ms', 'a stream is silent for at most this long', 15_000, 100, 3_600_000),
  count(
    'sseMaxAgeMs',
    'ms',
    'an event stream ends after so long, and is opened again; 0 for never',
    0,
    0,
    86_400_000,
  ),
  list(
    'autoCreate',
    'patterns',
    "channels that a first publish or subscription makes, as in 'orders/*,rooms/**'",
    checkPattern,
  ),
  list(
    'allowOrigin',
    'origins',
    'origins whose pages may talk to the server, separated by commas, or *',
    checkOrigin,
  ),
  count('maxMessageBytes', 'bytes', 'largest message', 4 * 1024 * 1024, 1, largestMessageBytes),
  count('maxBodyBytes', 'bytes', 'largest request body or WebSocket message', 16 * 1024 * 1024, 1, 1024 ** 3),
  count('maxNameBytes', 'bytes', "longest channel's name", 1024, 1, 1024),
  count(
    'maxBodiesBytes',
    'bytes',
    'bodies of all requests under way, together',
    256 * 1024 * 1024,
    1,
    1024 ** 4,
  ),
  count('maxConnections', 'number', 'connections open at once', 100_000, 1, 10_000_000),
  choice('compression', 'give history compressed to readers that ask for it', ['on', 'off'], 'on'),
  choice(
    'lab',
    'serve the Lab at /lab/: to whoever reaches the server, to nobody, or only while it listens on a loopback address',
    ['on', 'off', 'loopback'],
    'loopback',
  ),
  choosing('public', 'let others than this machine reach the server, which has no access control yet'),
  file('tlsCert', 'serve HTTPS with this certificate and its chain, PEM'),
  file('tlsKey', "the certificate's key, PEM"),
  choosing('tlsSelfSigned', 'serve HTTPS with a certificate made for the occasion, to try it'),
]

/**
 * Settings from what is given, the environment and the defaults, in this order.
 *
 * @throws SettingInvalid
 */
export function resolveSettings(
  given: Partial<Settings> = {},
  environment: Readonly<Record<string, string | undefined>> = {},
): Settings {
  const settings: Record<string, unknown> = {}
  for (const { name, variable, fallback, parse } of settingDescriptions) {
    const fromProgram = given[name]
    const fromEnvironment = environment[variable]
    if (fromProgram !== undefined) settings[name] = parsed(name, parse, textOf(fromProgram))
    else if (fromEnvironment) settings[name] = parsed(variable, parse, fromEnvironment)
    else settings[name] = fallback
  }
  const resolved = settings as unknown as Settings
  checkTls(resolved)
  if (!resolved.public && !isLoopbackHost(resolved.host)) {
    throw new SettingInvalid(
      `${resolved.host} can be reached by others, and there is no access control yet: whoever reaches it may read ` +
        'and write everything. If that is meant, say --public.',
    )
  }
  return resolved
}

function checkTls({ tlsCert, tlsKey, tlsSelfSigned }: Settings): void {
  if ((tlsCert === '') !== (tlsKey === '')) {
    const [given, missing] = tlsCert === '' ? ['--tls-key', '--tls-cert'] : ['--tls-cert', '--tls-key']
    throw new SettingInvalid(`${given} needs ${missing} as well: HTTPS takes a certificate and its key.`)
  }
  if (tlsSelfSigned && tlsCert !== '') {
    throw new SettingInvalid('Say --tls-self-signed or --tls-cert, not both.')
  }
}

/** What a program gives is checked as what a user writes: not every program is checked by TypeScript. */
function textOf(value: Settings[keyof Settings]): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}

function parsed(name: string, parse: SettingDescription['parse'], text: string): Settings[keyof Settings] {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof SettingInvalid) throw new SettingInvalid(`${name}: ${error.message}`)
    throw error
  }
}

function named(name: keyof Settings): Pick<SettingDescription, 'name' | 'flag' | 'variable'> {
  const words = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  return { name, flag: `--${words}`, variable: `TIDINGS_${words.toUpperCase().replaceAll('-', '_')}` }
}

function text(name: keyof Settings, placeholder: string, help: string, fallback: string): SettingDescription {
  return {
    ...named(name),
    placeholder,
    help,
    fallback,
    parse: nonEmpty,
  }
}

function nonEmpty(value: string): string {
  if (value.trim() !== '' && !value.includes('\0')) return value
  throw new SettingInvalid('it can not be empty.')
}

/** A file that need not be; empty means that there is none. */
function file(name: keyof Settings, help: string): SettingDescription {
  return {
    ...named(name),
    placeholder: 'file',
    help,
    fallback: '',
    parse: (value) => (value === '' ? value : nonEmpty(value)),
  }
}

/** A flag without a value. */
function choosing(name: keyof Settings, help: string): SettingDescription {
  return {
    ...named(name),
    placeholder: undefined,
    help,
    fallback: false,
    parse: (value) => {
      if (/^(?:1|true|yes)$/i.test(value)) return true
      if (/^(?:0|false|no)?$/i.test(value)) return false
      throw new SettingInvalid(`"${value}" is neither true nor false.`)
    },
  }
}

function choice(
  name: keyof Settings,
  help: string,
  values: readonly string[],
  fallback: string,
): SettingDescription {
  return {
    ...named(name),
    placeholder: values.join('|'),
    help,
    fallback,
    parse: (value) => {
      if (values.includes(value)) return value
      throw new SettingInvalid(`"${value}" is none of ${values.join(', ')}.`)
    },
  }
}

/** Separated by commas; none by default. */
function list(
  name: keyof Settings,
  placeholder: string,
  help: string,
  check: (item: string) => string,
): SettingDescription {
  return {
    ...named(name),
    placeholder,
    help,
    fallback: [],
    parse: (value) => (value.trim() === '' ? [] : value.split(',').map((item) => check(item.trim()))),
  }
}

function checkPattern(pattern: string): string {
  try {
    checkNamePattern(pattern)
    return pattern
  } catch (error) {
    if (error instanceof NamePatternInvalid) throw new SettingInvalid(error.message, { cause: error })
    throw error
  }
}

function count(
  name: keyof Settings,
  placeholder: string,
  help: string,
  fallback: number,
  least: number,
  most: number,
): SettingDescription {
  return {
    ...named(name),
    placeholder,
    help,
    fallback,
    parse: (value) => {
      const number = Number(value)
      if (/^\d+$/.test(value) && number >= least && number <= most) return number
      throw new SettingInvalid(`"${value}" is no whole number from ${least} to ${most}.`)
    },
  }
}

function checkOrigin(origin: string): string {
  if (origin === '*') return origin
  // A star within would be taken for a letter, and match nobody.
  const isOrigin = URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase()
  if (isOrigin && !origin.includes('*')) return origin
  throw new SettingInvalid(`"${origin}" is no origin: write it as in https://app.example, without a path.`)
}
