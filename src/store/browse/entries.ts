import type { Prisma } from '../../generated/prisma/client.ts'
import type { Database } from '../database.ts'

/** A place among the entries of a ticket: of the last one that was told. */
export interface EntryCursor {
  /** Milliseconds since 1970, as a decimal number. */
  readonly createdMilliseconds: string
  readonly id: string
}

const WITH_FILES = { include: { attachments: { orderBy: { position: 'asc' } } } } as const
export type FoundEntry = Prisma.TicketEntryGetPayload<typeof WITH_FILES>

export interface EntryPage {
  readonly entries: readonly FoundEntry[]
  /** null: these were the last ones. */
  readonly next: EntryCursor | null
}

/** Of one page, unless its first entry alone has more: mails are as long as their writers like. */
const PAGE_OCTETS = 4 * 1024 * 1024
/** About what the description of an attachment takes. */
const ATTACHMENT_OCTETS = 500

/** The entries of a ticket, oldest first: at most `limit`, and fewer where they are long. */
export async function entries(
  database: Database,
  ticketId: string,
  after: EntryCursor | null,
  limit: number,
): Promise<EntryPage> {
  const sizes = await sizesOf(database, ticketId, after, limit + 1)
  let octets = 0
  const more = sizes.findIndex((entry, index) => {
    octets += entry.octets
    return index === limit || (index > 0 && octets > PAGE_OCTETS)
  })
  const chosen = more === -1 ? sizes : sizes.slice(0, more)
  const ids = chosen.map(({ id }) => id)
  const found = await database.prisma((prisma) =>
    prisma.ticketEntry.findMany({
      where: { id: { in: ids } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      ...WITH_FILES,
    }),
  )
  return { entries: found, next: more === -1 ? null : (chosen.at(-1) ?? null) }
}

interface Size extends EntryCursor {
  readonly octets: number
}

/** The length of a text is known without reading it. */
function sizesOf(database: Database, ticketId: string, after: EntryCursor | null, limit: number): Promise<Size[]> {
  const length = (column: string) => `coalesce(octet_length(e.${column}), 0)`
  return database.query<Size>({
    name: 'browse-entry-sizes',
    text: `SELECT e.id, (extract(epoch FROM e.created_at) * 1000)::bigint::text AS "createdMilliseconds",
             (${['text', 'html', 'reply', 'reply_html', 'subject'].map(length).join(' + ')}
              + (SELECT count(*) FROM attachments a WHERE a.entry_id = e.id) * ${ATTACHMENT_OCTETS})::int AS octets
           FROM (SELECT * FROM ticket_entries
                 WHERE ticket_id = $1
                   AND ($3::uuid IS NULL OR (created_at, id) > (timestamptz 'epoch' + $2::bigint * interval '1 millisecond', $3::uuid))
                 ORDER BY created_at, id LIMIT $4) e
           ORDER BY e.created_at, e.id`,
    values: [ticketId, after?.createdMilliseconds ?? null, after?.id ?? null, limit],
  })
}
