import { MailchuteError } from '../errors.ts'

/** A message too big to hold: `read` gives exactly `sizeBytes` octets, the same ones each time it is called. */
export interface StreamedOctets {
  readonly sizeBytes: number
  readonly read: () => Iterable<Buffer> | AsyncIterable<Buffer>
}

export interface SandboxMessage {
  readonly uniqueId: string
  readonly octets: Buffer | StreamedOctets
}

export interface MailboxOptions {
  readonly user: string
  /** Accepted by PASS and AUTH PLAIN. */
  readonly password?: string
  /** Accepted by AUTH XOAUTH2. */
  readonly accessToken?: string
  readonly messages?: readonly SandboxMessage[]
}

export interface SandboxMailbox {
  readonly user: string
  /** What is left, oldest first. */
  messages(): readonly SandboxMessage[]
  /** Seen by sessions that log in afterwards. Without a unique-id it gets one of its own. */
  deliver(octets: Buffer | StreamedOctets, uniqueId?: string): SandboxMessage
  /** How often RETR was answered with octets, whole or not, by the message's own unique-id. */
  readonly retrievals: ReadonlyMap<string, number>
}

/** The mailbox as its server sees it. */
export interface Maildrop extends SandboxMailbox {
  admitsPassword(password: string): boolean
  admitsToken(token: string): boolean
  countRetrieval(message: SandboxMessage): void
  /** Removes these very messages; others of the same unique-id stay. */
  remove(messages: ReadonlySet<SandboxMessage>): void
  /** The exclusive lock of RFC 1939 section 4: false when another session has it. */
  lock(session: number): boolean
  unlock(session: number): void
}

export function createMaildrop(options: MailboxOptions): Maildrop {
  let kept: readonly SandboxMessage[] = [...(options.messages ?? [])]
  for (const message of kept) checkUniqueId(message.uniqueId)
  const retrievals = new Map<string, number>()
  let delivered = 0
  let holder: number | null = null
  return {
    user: options.user,
    retrievals,
    messages: () => kept,
    deliver(octets, uniqueId = `delivered-${++delivered}`) {
      checkUniqueId(uniqueId)
      const message = { uniqueId, octets }
      kept = [...kept, message]
      return message
    },
    admitsPassword: (password) => options.password !== undefined && password === options.password,
    admitsToken: (token) => options.accessToken !== undefined && token === options.accessToken,
    countRetrieval: ({ uniqueId }) => retrievals.set(uniqueId, (retrievals.get(uniqueId) ?? 0) + 1),
    remove(messages) {
      if (messages.size > 0) kept = kept.filter((message) => !messages.has(message))
    },
    lock(session) {
      if (holder !== null && holder !== session) return false
      holder = session
      return true
    },
    unlock(session) {
      if (holder === session) holder = null
    },
  }
}

export function sizeOf(message: SandboxMessage): number {
  return Buffer.isBuffer(message.octets) ? message.octets.length : message.octets.sizeBytes
}

export function chunksOf(message: SandboxMessage): Iterable<Buffer> | AsyncIterable<Buffer> {
  return Buffer.isBuffer(message.octets) ? [message.octets] : message.octets.read()
}

/** RFC 1939 section 7: 1 to 70 characters in the range 0x21 to 0x7E. */
function checkUniqueId(uniqueId: string): void {
  if (/^[!-~]{1,70}$/.test(uniqueId)) return
  throw new MailchuteError('internal/bug', 'a unique-id of the sandbox is none by RFC 1939 section 7')
}
