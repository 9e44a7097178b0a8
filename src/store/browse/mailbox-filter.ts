import type { Database } from '../database.ts'
import type { Filter } from './filters.ts'

/** Lists by mailbox have an index on it. null: there is no such mailbox. */
export async function mailboxFilter({ query }: Database, name: string): Promise<[Filter] | null> {
  const [mailbox] = await query<{ id: string }>({
    name: 'browse-mailbox',
    text: 'SELECT id FROM mailboxes WHERE name = $1',
    values: [name],
  })
  if (mailbox === undefined) return null
  const way = { column: 'm.mailbox_id', type: 'uuid', keys: [mailbox.id] }
  return [{ text: 'm.mailbox_id = $1::uuid', values: [mailbox.id], way }]
}
