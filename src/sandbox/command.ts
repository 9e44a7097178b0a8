/** One command as the sandbox logs it and shows it to hooks. Never holds a password or a token. */
export interface Command {
  /** Which connection sent it, counted from 1. */
  readonly session: number
  /** In capitals; `GREETING` stands for the connection itself, `?` for what is no command of ours. */
  readonly verb: string
  /** Empty where it would be a secret. */
  readonly argument: string
  /** Commands of this session already here and not yet answered: above 0, the client pipelines (RFC 2449 6.6). */
  readonly waiting: number
}

/** A command line taken apart: the whole argument, for the handlers only. */
export interface CommandLine {
  readonly verb: string
  readonly argument: string
}

export const VERBS: ReadonlySet<string> = new Set([
  'CAPA',
  'STLS',
  'USER',
  'PASS',
  'AUTH',
  'STAT',
  'LIST',
  'UIDL',
  'TOP',
  'RETR',
  'DELE',
  'NOOP',
  'RSET',
  'QUIT',
])

export function parseCommandLine(line: string): CommandLine {
  const space = line.indexOf(' ')
  if (space < 0) return { verb: line.toUpperCase(), argument: '' }
  return { verb: line.slice(0, space).toUpperCase(), argument: line.slice(space + 1) }
}

/** Of the whole line, its end included. */
export function octetsOf({ verb, argument }: CommandLine): number {
  return Buffer.byteLength(argument === '' ? verb : `${verb} ${argument}`) + 2
}

/** What of a command line may be kept: of AUTH the mechanism, of PASS nothing, of unknown words not even the word. */
export function withoutSecrets({ verb, argument }: CommandLine): CommandLine {
  if (!VERBS.has(verb)) return { verb: '?', argument: '' }
  if (verb === 'PASS') return { verb, argument: '' }
  if (verb === 'AUTH') return { verb, argument: argument.split(' ', 1)[0] ?? '' }
  return { verb, argument }
}
