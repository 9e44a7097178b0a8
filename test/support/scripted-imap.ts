import type { Account } from '../../src/config.ts'
import type { ImapLimits } from '../../src/source/imap/limits.ts'
import { imap } from '../../src/source/imap/session.ts'
import type { MailSession } from '../../src/source/source.ts'
import { mailboxAt } from './scripted-pop3.ts'
import { type Peer, type ScriptedServer, scriptedServer } from './scripted-server.ts'

/** Times for what waits in vain; anything else has those of the product, so that no busy machine makes it fail. */
export const SHORT_IMAP: Partial<ImapLimits> = {
  ...{ handshakeMs: 1_000, greetingMs: 1_000, loginMs: 1_000, replyMs: 1_000, idleMs: 1_000, replyGraceMs: 2_000 },
}
export const SMALL_IMAP: Partial<ImapLimits> = { lineOctets: 10_000, chatterOctets: 200_000, listingOctets: 0 }

export interface ImapScript {
  readonly greeting?: string
  readonly capabilities?: string
  /** Message `n` has UID `n`. */
  readonly messages?: readonly Buffer[]
  /** Answers in the server's own way, by verb (`UID FETCH`): sent as it is, nothing is sent for undefined. */
  readonly answers?: Readonly<Record<string, ImapAnswer>>
}

export type ImapAnswer = (
  peer: Peer,
  tag: string,
  line: string,
) => string | Buffer | undefined | Promise<string | Buffer | undefined>

export const CAPABILITIES = 'IMAP4rev1 UIDPLUS IDLE'

/** A sane IMAP server but for what the script says. */
export async function speakImap(peer: Peer, script: ImapScript = {}): Promise<void> {
  await peer.send(script.greeting ?? '* OK ready\r\n')
  for (let line = await peer.line(); line !== null; line = await peer.line()) {
    const [, tag = '', verb = ''] = /^(\S+) ((?:UID )?\S+)/.exec(line) ?? []
    const answer = script.answers?.[verb] ?? SANE[verb]
    const octets = answer === undefined ? `${tag} BAD unknown\r\n` : await answer(peer, tag, line)
    const sane = octets === SANE_ANSWER ? await SANE[verb]?.(peer, tag, line) : octets
    const sent = sane === FETCHED ? fetched(script, tag, line) : sane
    if (sent !== undefined) await peer.send(named(sent, script))
    if (verb === 'LOGOUT') return peer.end()
  }
}

/** What an answer gives back to have the sane one sent. */
export const SANE_ANSWER = '(as usual)'
const FETCHED = '(messages)'

function named(octets: string | Buffer, { capabilities = CAPABILITIES }: ImapScript): string | Buffer {
  return typeof octets === 'string' ? octets.replace('(capabilities)', capabilities) : octets
}

const ok: ImapAnswer = (_, tag) => `${tag} OK done\r\n`
const select: ImapAnswer = (_, tag) =>
  `* FLAGS (\\Deleted \\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n${tag} OK [READ-WRITE] done\r\n`

const SANE: Readonly<Record<string, ImapAnswer>> = {
  CAPABILITY: (_, tag) => `* CAPABILITY (capabilities)\r\n${tag} OK done\r\n`,
  LOGIN: ok,
  NAMESPACE: (_, tag) => `* NAMESPACE (("" "/")) NIL NIL\r\n${tag} OK done\r\n`,
  LIST: (_, tag, line) => `* LIST () "/" ${line.endsWith('""') ? '""' : 'INBOX'}\r\n${tag} OK done\r\n`,
  LSUB: ok,
  SELECT: select,
  EXAMINE: select,
  'UID FETCH': () => FETCHED,
  'UID STORE': ok,
  'UID EXPUNGE': ok,
  'UID MOVE': ok,
  NOOP: ok,
  LOGOUT: (_, tag) => `* BYE\r\n${tag} OK done\r\n`,
}

/** A row for each message of the set: its size, or the piece of it that was asked for. */
function fetched({ messages = [] }: ImapScript, tag: string, line: string): Buffer {
  const rows = uidsOf(line).flatMap((uid) => {
    const message = messages[uid - 1]
    return message === undefined ? [] : [row(uid, message, line)]
  })
  return Buffer.concat([...rows, Buffer.from(`${tag} OK done\r\n`)])
}

export function row(uid: number, message: Buffer, line: string): Buffer {
  const [, section = '', start, length] = /BODY\.PEEK\[(\w*)\]<(\d+)\.(\d+)>/.exec(line) ?? []
  if (start === undefined) return Buffer.from(`* ${uid} FETCH (UID ${uid} RFC822.SIZE ${message.length})\r\n`)
  const text = section === 'HEADER' ? message.subarray(0, message.indexOf('\r\n\r\n') + 4) : message
  const piece = text.subarray(Number(start), Number(start) + Number(length))
  const head = `* ${uid} FETCH (UID ${uid} BODY[${section}]<${start}> {${piece.length}}\r\n`
  return Buffer.concat([Buffer.from(head), piece, Buffer.from(')\r\n')])
}

/** More than there are, for `*`. */
const ALL = 1_000

export function uidsOf(line: string): number[] {
  const [, set = ''] = /^\S+ UID \S+ (\S+)/.exec(line) ?? []
  return set.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split(':').map((uid) => (uid === '*' ? ALL : Number(uid)))
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

export function serveImap(script: ImapScript = {}): Promise<ScriptedServer> {
  return scriptedServer((peer) => speakImap(peer, script))
}

export function imapAt(port: number, settings: Partial<Account> = {}): Account {
  return mailboxAt(port, { protocol: 'imap', source: 'imap 127.0.0.1 INBOX', ...settings })
}

export function openImap(
  { port }: ScriptedServer,
  settings: Partial<Account> = {},
  limits: Partial<ImapLimits> = {},
): Promise<MailSession> {
  return imap(imapAt(port, settings), { ...SMALL_IMAP, ...limits })(new AbortController().signal)
}
