/** What a mail says, to be shown: from its ticket where it is on one, else read anew in a parse thread. */
import { MailchuteError } from '../../../errors.ts'
import type { ParsedMessage } from '../../../message/parsed-message.ts'
import type { WholeMessage } from '../../../store/browse/message.ts'
import type { Store } from '../../../store/store.ts'
import type { ParsePool } from '../../../ticketing/parse-pool.ts'

export interface ReadingDeps {
  readonly store: Store
  /** Of the console alone: whoever looks at mail keeps no worker from it. */
  readonly parsePool: ParsePool
}

export interface Reading {
  readonly text: string | null
  readonly html: string | null
  readonly attachments: readonly ReadAttachment[]
  readonly head: readonly (readonly [name: string, value: string])[]
  readonly defects: readonly string[]
}

export type ReadAttachment = Pick<
  ParsedMessage['attachments'][number],
  'filename' | 'contentType' | 'contentId' | 'sizeBytes' | 'sha256'
>

const PATIENCE_MILLISECONDS = 15_000

/** Rejects as the parse pool does, and after a while with `console/too-many`. */
export async function readingOf(deps: ReadingDeps, message: WholeMessage): Promise<Reading> {
  return message.entry === null ? fromMail(await parsed(deps, message)) : fromEntry(message.entry)
}

/** With the octets of its attachments, unless whoever asked has left. */
export const parsedWithContent = (deps: ReadingDeps, message: WholeMessage, left: AbortSignal) =>
  parsed(deps, message, { content: true, left })

async function parsed(
  { store, parsePool }: ReadingDeps,
  { sha256, rawMessage }: WholeMessage,
  { content = false, left }: { content?: boolean; left?: AbortSignal } = {},
): Promise<ParsedMessage> {
  const source = { sizeBytes: rawMessage.sizeBytes, octets: () => store.raw.octets(sha256), content }
  const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS)
  try {
    return await parsePool.parse(source, left === undefined ? patience : AbortSignal.any([patience, left]))
  } catch (thrown) {
    if (!patience.aborted && left?.aborted !== true) throw thrown
    throw new MailchuteError('console/too-many', 'too many mails are being read at the moment', { cause: thrown })
  }
}

const PEOPLE_SHOWN = 20

function fromMail(mail: ParsedMessage): Reading {
  const { text, html, attachments, defects, subject, date } = mail
  const people = (['from', 'to', 'cc', 'replyTo'] as const).map(
    (field) => [TITLES[field], peopleOf(mail[field])] as const,
  )
  return { text, html, attachments, defects, head: headOf(people, subject, date) }
}

const TITLES = { from: 'From', to: 'To', cc: 'Cc', replyTo: 'Reply-To' } as const

type Entry = NonNullable<WholeMessage['entry']>

function fromEntry(entry: Entry): Reading {
  const { text, html, attachments, defects, subject, sentAt, fromName, fromAddress } = entry
  const recipients = recipientsOf(entry.recipients)
  const of = (field: string) => peopleOf(recipients.filter((recipient) => recipient.field === field))
  const people = [
    ['From', peopleOf([{ name: fromName, address: fromAddress }])],
    ['To', of('to')],
    ['Cc', of('cc')],
    ['Reply-To', of('reply-to')],
  ] as const
  return { text, html, attachments, defects, head: headOf(people, subject, sentAt?.toISOString() ?? null) }
}

function headOf(people: readonly (readonly [string, string])[], subject: string, date: string | null) {
  const fields = [
    ...people,
    ['Subject', subject] as const,
    ['Date', date?.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC') ?? ''] as const,
  ]
  return fields.filter(([, value]) => value !== '')
}

function peopleOf(people: readonly { readonly name: string; readonly address: string }[]): string {
  const names = people
    .slice(0, PEOPLE_SHOWN)
    .map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))
  const more = people.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

interface Recipient {
  readonly field: string
  readonly name: string
  readonly address: string
}

const recipientsOf = (stored: unknown): Recipient[] => (Array.isArray(stored) ? stored.filter(isRecipient) : [])

const isRecipient = (value: unknown): value is Recipient =>
  typeof value === 'object' &&
  value !== null &&
  ['field', 'name', 'address'].every((name) => typeof Reflect.get(value, name) === 'string')
