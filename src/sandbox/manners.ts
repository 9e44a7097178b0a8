/**
 * How the sandbox misbehaves: each manner is a small set of hooks, named after what it does. Tests combine them, and
 * write their own where none fits. Where several manners have the same hook, the first that decides wins.
 */
import { createHash } from 'node:crypto'
import type { Command } from './command.ts'
import type { SandboxMessage } from './mailbox.ts'

export interface Manner {
  /** What befalls the reply; undefined leaves it alone. */
  readonly fate?: (command: Command) => Fate | undefined
  readonly delayMilliseconds?: (command: Command) => number
  /** Where to cut a reply into writes of their own; negative counts from its end. The reply is held whole for it. */
  readonly cuts?: (reply: Buffer, command: Command) => readonly number[] | undefined
  /** Why a login with right credentials is refused: what follows `-ERR `. */
  readonly refusal?: (user: string, session: number) => string | undefined
  /** A verb the server does not have, neither in CAPA nor as a command. */
  readonly withheld?: string
  /** The size as STAT and LIST tell it. */
  readonly listedSize?: (sizeBytes: number) => number
  readonly uniqueId?: (message: SandboxMessage, number: number, session: number) => string
  /** What becomes of a message that has to be made into MIME first, or why it cannot be: for RETR and TOP. */
  readonly conversion?: (message: SandboxMessage) => Buffer | 'fails' | undefined
  /** What TOP sends instead of these octets. */
  readonly top?: (octets: Buffer) => Buffer
  /** How many of the marked messages QUIT removes before it says -ERR (RFC 1939 section 6). */
  readonly removalLimit?: number
}

export type Fate =
  | { readonly kind: 'reply'; readonly octets: readonly Buffer[]; readonly hangsUp?: boolean }
  | { readonly kind: 'endless'; readonly octets: () => Iterable<Buffer> }
  | { readonly kind: 'stall' | 'reset' | 'end'; readonly afterOctets: number | 'before-command' }

/** Which commands a manner is for: all that match what is given here. */
export interface Where {
  readonly verb?: string
  /** The first word of the argument: the message number. */
  readonly message?: number
  readonly session?: number
  /** How often it applies; no end where missing. */
  readonly times?: number
}

/** `-ERR` with this text, and the command is not carried out. On `GREETING`: instead of the greeting. */
export function refuse(where: Where, text: string): Manner {
  return answer(where, `-ERR ${text}\r\n`)
}

/** These octets, whatever was asked, and the command is not carried out. */
export function answer(where: Where, octets: string | Buffer): Manner {
  return fateWhere(where, { kind: 'reply', octets: [Buffer.from(octets)] })
}

/** No reply ever, or none after so many octets of it. */
export function stall(where: Where, afterOctets: number | 'before-command' = 'before-command'): Manner {
  return fateWhere(where, { kind: 'stall', afterOctets })
}

/** RST instead of the reply (the command is not carried out), or after so many octets of it (it is). */
export function reset(where: Where, afterOctets: number | 'before-command' = 'before-command'): Manner {
  return fateWhere(where, { kind: 'reset', afterOctets })
}

/** FIN, as `reset`. */
export function hangUp(where: Where, afterOctets: number | 'before-command' = 'before-command'): Manner {
  return fateWhere(where, { kind: 'end', afterOctets })
}

/** The connection ends at QUIT without an answer, `before` or `after` the deletions were applied. */
export function hangUpAtQuit(moment: 'before' | 'after', where: Omit<Where, 'verb'> = {}): Manner {
  return hangUp({ ...where, verb: 'QUIT' }, moment === 'before' ? 'before-command' : 0)
}

/** QUIT removes only so many of the marked messages, and says -ERR. */
export function removeOnly(count: number): Manner {
  return { removalLimit: count }
}

export function endlessStatusLine(where: Where): Manner {
  return fateWhere(where, { kind: 'endless', octets: endlessLine })
}

/** A listing (LIST, UIDL, CAPA) that never ends. */
export function endlessListing(where: Where): Manner {
  return fateWhere(where, { kind: 'endless', octets: endlessLines })
}

export function delay(where: Where, milliseconds: number): Manner {
  const matches = matcher(where)
  return { delayMilliseconds: (command) => (matches(command) ? milliseconds : 0) }
}

/** Cuts replies at these places: `[-3]` sends the last CRLF-dot-CRLF as CRLF, then `.CRLF`. */
export function cutReplies(where: Where, positions: readonly number[]): Manner {
  const matches = matcher(where)
  return { cuts: (_reply, command) => (matches(command) ? positions : undefined) }
}

/** One octet a write. */
export function octetByOctet(where: Where = {}): Manner {
  const matches = matcher(where)
  return { cuts: (reply, command) => (matches(command) ? [...reply.keys()] : undefined) }
}

/** Right credentials are refused with this text, say `[IN-USE] busy`; in the first so many sessions, or for ever. */
export function refuseLogin(text: string, untilSession = Number.POSITIVE_INFINITY): Manner {
  return { refusal: (_user, session) => (session <= untilSession ? text : undefined) }
}

/** TOP or UIDL, say, is an unknown command. */
export function without(verb: string): Manner {
  return { withheld: verb }
}

/** STAT and LIST tell this many times the size. */
export function lieAboutSizes(factor: number): Manner {
  return { listedSize: (sizeBytes) => Math.floor(sizeBytes * factor) }
}

/** The unique-id is the digest of the octets, which RFC 1939 section 7 allows: copies have the same one. */
export function hashUniqueIds(): Manner {
  return { uniqueId: ({ octets, uniqueId }) => (Buffer.isBuffer(octets) ? sha1(octets) : uniqueId) }
}

/** Other unique-ids in each session, as after a mailbox was moved. */
export function regenerateUniqueIds(): Manner {
  return { uniqueId: (message, _number, session) => sha1(Buffer.from(`${session} ${message.uniqueId}`)) }
}

/** Unique-ids by position: what was deleted leaves its unique-id to another message. */
export function reuseUniqueIds(): Manner {
  return { uniqueId: (_message, number) => `position-${number}` }
}

/** TOP shows a header that RETR does not. */
export function differentTop(): Manner {
  return { top: (octets) => Buffer.concat([Buffer.from('X-Sandbox: not in RETR\r\n'), octets]) }
}

/** The answer of the first manner that has one. */
export function decide<T>(manners: readonly Manner[], ask: (manner: Manner) => T | undefined): T | undefined {
  for (const manner of manners) {
    const answered = ask(manner)
    if (answered !== undefined) return answered
  }
  return undefined
}

function matcher({ verb, message, session, times = Number.POSITIVE_INFINITY }: Where) {
  let left = times
  return (command: Command): boolean => {
    if (verb !== undefined && verb !== command.verb) return false
    if (message !== undefined && String(message) !== command.argument.split(' ', 1)[0]) return false
    if (session !== undefined && session !== command.session) return false
    return left-- > 0
  }
}

function fateWhere(where: Where, fate: Fate): Manner {
  const matches = matcher(where)
  return { fate: (command) => (matches(command) ? fate : undefined) }
}

function* endlessLine(): Generator<Buffer> {
  yield Buffer.from('+OK ')
  for (;;) yield Buffer.alloc(16_384, 'x')
}

function* endlessLines(): Generator<Buffer> {
  yield Buffer.from('+OK\r\n')
  for (let number = 1; ; number += 1) yield Buffer.from(`${number} ${number}\r\n`)
}

function sha1(octets: Buffer): string {
  return createHash('sha1').update(octets).digest('hex')
}
