/** What says that a person's mail was erased, for that person: it is kept nowhere here. */
import { type KeyObject, sign } from 'node:crypto'
import { canonical } from '../audit/canonical-json.ts'
import type { Erased } from '../upkeep/erase.ts'
import { publicKeyOf } from './audit-export/bundle.ts'
import { bytes, counted, printable } from './terminal.ts'

export interface Certificate {
  readonly format: 'mailchute-erasure-1'
  readonly address: string
  /** As it was looked for, without regard to case. */
  readonly spellings: readonly string[]
  readonly by: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly mentions: boolean
  readonly erased: Erased
  /** Digests of the last seal; null: nothing was sealed. */
  readonly auditHead: { readonly before: string | null; readonly after: string | null }
}

export interface Certified {
  readonly certificate: Certificate & { readonly kept: readonly string[] }
  /** Ed25519, of the certificate as RFC 8785 writes it; null: there is no key. */
  readonly signature: string | null
  readonly publicKey: string | null
}

export function certify(given: Certificate, key: KeyObject | null): Certified {
  const certificate = { ...given, kept: keptOf(given) }
  if (key === null) return { certificate, signature: null, publicKey: null }
  const signature = sign(null, Buffer.from(canonical(certificate)), key).toString('base64')
  return { certificate, signature, publicKey: publicKeyOf(key) }
}

const KEPT = [
  'digests (SHA-256) and sizes of the mails, and the unique-ids of the server: so that a mail that is listed again is known and does not come back',
  'digests of msg-ids, of Date and From, and of attachments: no content can be read from them; who has the mail itself can tell that it was here',
  'rows, ticket numbers and instants, without content and without sender: so that everything stays accounted for',
  'events and seals, which hold codes, ids, counts and the notes of operators: so that the record stays provable',
]

/** Said plainly, for whoever is told that all is gone. */
function keptOf({ mentions, erased }: Certificate): string[] {
  const others = mentions
    ? 'files attached by others, which other programs write and nobody here can search'
    : 'what others wrote, with their original mails: there the address may stand in To, Cc or the text (--mentions erases these mails, too)'
  const unread = `${counted(erased.unreadable.length, 'message')} that could not be read: ${erased.unreadable.join(', ')}`
  return [...KEPT, others, ...(erased.unreadable.length === 0 ? [] : [unread]), BACKUPS]
}

const BACKUPS =
  "copies outside the tables: backups, the database's write-ahead log and space that it has not used again (VACUUM), logs of others (docs/retention.md)"

const LABEL_WIDTH = 12

export function certificateText({ certificate, signature, publicKey }: Certified): string {
  const { address, by, startedAt, finishedAt, erased, auditHead, kept } = certificate
  const lines: [string, string][] = [
    ['address', printable(address)],
    ['when', `${startedAt} to ${finishedAt}`],
    ['by', printable(by)],
    ...rowsOf(erased).map((row, index): [string, string] => [index === 0 ? 'erased' : '', row]),
    ...erased.digests.map((digest, index): [string, string] => [index === 0 ? 'mails' : '', digest]),
    ...kept.map((row, index): [string, string] => [index === 0 ? 'kept' : '', row]),
    ['audit head', `before ${auditHead.before ?? 'none'}`],
    ['', `after  ${auditHead.after ?? 'none'}`],
    ['signature', signature === null ? 'none: there is no MAILCHUTE_SECRET_KEY' : signature],
    ...(publicKey === null ? [] : [['public key', publicKey] as [string, string]]),
  ]
  const text = lines.map(([label, said]) => `${label.padEnd(LABEL_WIDTH)}${said}\n`).join('')
  return `Certificate of erasure\n\n${text}`
}

function rowsOf(erased: Erased): string[] {
  return [
    `inbound_messages: ${erased.messages}, of these ${erased.mentions} of others that named the address`,
    `raw_messages: ${erased.digests.length}, ${bytes(erased.octets)}`,
    `ticket_entries: ${erased.entries}, and the address as recipient of ${erased.recipients} of others`,
    `attachments: the names of ${erased.attachments}`,
    `tickets: the subjects of ${erased.tickets}`,
    `ticket_participants: ${erased.participants}`,
    `contacts: ${erased.contacts}`,
    `outbox: ${erased.outbox}`,
  ]
}
