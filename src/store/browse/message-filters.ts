import type { Database } from '../database.ts'
import { keyOf } from '../threads.ts'
import { type Filter, literal } from './filters.ts'
import { keysStarting, type TextIndex } from './keys.ts'
import { mailboxFilter } from './mailbox-filter.ts'
import type { MessageSearch } from './messages.ts'

/** As the indexes have them. Senders choose how long an address is, a B-tree does not. */
const ADDRESS: TextIndex = {
  table: 'inbound_messages',
  column: `(left(lower(m.from_address), 200) COLLATE "C")`,
  where: 'm.from_address IS NOT NULL',
}
const DOMAIN: TextIndex = {
  ...ADDRESS,
  column: `(left(substring(lower(m.from_address) FROM '@[^@]*$'), 200) COLLATE "C")`,
}
const REASON: TextIndex = {
  table: 'inbound_messages',
  column: `(m.reason COLLATE "C")`,
  where: 'm.reason IS NOT NULL',
}

/** What has more different values is not asked for value by value. */
const KEYS_LIMIT = 50

/** In the order in which they lead to few. null: nothing can meet them all. */
export async function messageFilters(database: Database, search: MessageSearch): Promise<Filter[] | null> {
  const { messageId, address, reason, mailbox, state, subject } = search
  const filters = await Promise.all([
    messageId === undefined ? [] : [ofMessageId(messageId)],
    address === undefined ? [] : ofAddress(database, address.trim().toLowerCase()),
    reason === undefined ? [] : textStarting(database, REASON, reason),
    mailbox === undefined ? [] : mailboxFilter(database, mailbox),
    state === undefined ? [] : [ofState(state)],
    subject === undefined ? [] : ofSubject(subject),
  ])
  return filters.includes(null) ? null : filters.flatMap((each) => each ?? [])
}

const ofMessageId = (messageId: string): Filter => ({
  text: `m.id IN (SELECT inbound_message_id FROM message_references
    WHERE mailbox_id = ANY (SELECT id FROM mailboxes) AND msg_id_sha256 = $1 AND position = 0)`,
  values: [keyOf(`<${messageId.trim().replace(/^<|>$/g, '')}>`)],
  isRare: true,
})

const ofState = (state: string): Filter => ({
  text: 'm.state = $1::inbound_state',
  values: [state],
  way: { column: 'm.state', type: 'inbound_state', keys: [state] },
})

const ofAddress = (database: Database, address: string) =>
  address.startsWith('@')
    ? [oneOf(DOMAIN, [address.slice(0, 200)])]
    : textStarting(database, ADDRESS, address.slice(0, 200))

async function textStarting(database: Database, index: TextIndex, start: string): Promise<Filter[] | null> {
  const keys = await keysStarting(database, index, start, KEYS_LIMIT)
  if (keys?.length === 0) return null
  if (keys !== null) return [oneOf(index, keys)]
  return [{ text: `${index.where} AND ${index.column} LIKE $1`, values: [`${literal(start)}%`] }]
}

const oneOf = ({ column, where }: TextIndex, keys: readonly string[]): Filter => ({
  text: `${where} AND ${column} = ANY ($1::text[])`,
  values: [keys],
  way: { column, where, type: 'text', keys },
})

/** Of what people type nothing is an operator. No word finds nothing. */
function ofSubject(text: string): Filter[] | null {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu)
  if (words === null) return null
  const sought = words.map((word, index) => (index === words.length - 1 ? `${word}:*` : word)).join(' & ')
  return [{ text: `to_tsvector('simple', m.subject) @@ to_tsquery('simple', $1)`, values: [sought] }]
}
