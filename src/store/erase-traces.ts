/** Where an address is besides the mails that came from it. */
import type { Database, Query } from './database.ts'
import { skipWaiting } from './erase-messages.ts'
import { maybe, type Spelled } from './spelled.ts'

export interface Recipients {
  readonly entryId: string
  readonly recipients: readonly { readonly address: string }[]
}

export interface Named {
  readonly id: string
  readonly address: string
}

export interface Participant {
  readonly ticketId: string
  readonly addressSha256: string
  readonly address: string
}

export interface Traces {
  contacts(who: Spelled): Promise<Named[]>
  /** They stay as nobody's, for tickets are theirs; the subjects of these go, too. Returns how many subjects. */
  blankContacts(ids: readonly string[]): Promise<number>
  participants(who: Spelled, after: Participant | null, limit: number): Promise<Participant[]>
  removeParticipants(rows: readonly Participant[]): Promise<void>
  /** Entries with one of the spellings among To, Cc and Reply-To. */
  recipients(who: Spelled, after: string | null, limit: number): Promise<Recipients[]>
  /** Of these entries, by how the addresses are written there. */
  removeRecipients(entryIds: readonly string[], addresses: readonly string[], by: string): Promise<void>
  /** What went out, or is to go out. */
  outbox(who: Spelled, after: string | null, limit: number): Promise<Named[]>
  blankOutbox(ids: readonly string[]): Promise<void>
}

export function addressTraces(database: Database): Traces {
  const { query } = database
  return {
    contacts: ({ spellings, keys }) =>
      query<Named>({
        text: `SELECT id, address FROM contacts WHERE address_sha256 = ANY($2::text[]) OR ${maybe('address', '$1')}`,
        values: [spellings, keys],
      }),
    blankContacts: (ids) => database.transaction((inside) => blankContacts(inside, ids)),
    participants: ({ spellings, keys }, after, limit) =>
      query<Participant>({
        text: `SELECT ticket_id AS "ticketId", address_sha256 AS "addressSha256", address FROM ticket_participants
               WHERE (address_sha256 = ANY($2::text[]) OR ${maybe('address', '$1')})
                 AND ($3::uuid IS NULL OR (ticket_id, address_sha256) > ($3, $4))
               ORDER BY ticket_id, address_sha256 LIMIT $5`,
        values: [spellings, keys, after?.ticketId ?? null, after?.addressSha256 ?? null, limit],
      }),
    removeParticipants: (rows) => database.transaction((inside) => removeParticipants(inside, rows)),
    recipients: ({ spellings }, after, limit) =>
      query<Recipients>({
        text: `SELECT id AS "entryId", recipients FROM ticket_entries e WHERE ($2::uuid IS NULL OR id > $2) AND EXISTS (
                 SELECT FROM jsonb_array_elements(e.recipients) one WHERE ${maybe("(one->>'address')", '$1')})
               ORDER BY id LIMIT $3`,
        values: [spellings, after, limit],
      }),
    removeRecipients: async (...asked) => void (await query({ text: REMOVE_RECIPIENTS, values: asked })),
    outbox: ({ spellings }, after, limit) =>
      query<Named>({
        text: `SELECT id::text, recipient AS address FROM outbox
               WHERE ($2::bigint IS NULL OR outbox.id > $2) AND recipient <> '' AND ${maybe('recipient', '$1')}
               ORDER BY outbox.id LIMIT $3`,
        values: [spellings, after, limit],
      }),
    blankOutbox: (ids) =>
      database.transaction(async (inside) => {
        await inside({ text: skipWaiting('id = ANY($1::bigint[])'), values: [ids] })
        await inside({
          text: `UPDATE outbox SET recipient = '', recipient_sha256 = '' WHERE id = ANY($1::bigint[])`,
          values: [ids],
        })
      }),
  }
}

/** Of the row as it is by now: another may be erased from it, or all be purged, since it was looked at. */
const REMOVE_RECIPIENTS = `
  WITH removed AS (
    UPDATE ticket_entries e SET recipients = (
      SELECT coalesce(jsonb_agg(one ORDER BY nth), '[]') FROM jsonb_array_elements(e.recipients) WITH ORDINALITY AS stays(one, nth)
      WHERE (one->>'address' = ANY ($2::text[])) IS NOT TRUE)
    WHERE e.id = ANY($1::uuid[]) AND EXISTS (
      SELECT FROM jsonb_array_elements(e.recipients) one WHERE one->>'address' = ANY($2::text[]))
    RETURNING e.inbound_message_id)
  INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
  SELECT m.id, m.mailbox_id, 'operator/erased', jsonb_build_object('actor', $3::text, 'what', 'recipient')
  FROM removed JOIN inbound_messages m ON m.id = removed.inbound_message_id`

/** Tickets first and in the order of their numbers, as all do who change what hangs on them. */
async function lockTickets(query: Query, which: string, ids: readonly string[]): Promise<void> {
  await query({
    text: `SELECT FROM tickets WHERE ${which} = ANY($1::uuid[]) ORDER BY number FOR NO KEY UPDATE`,
    values: [ids],
  })
}

/** The tickets get a new version: who is about to merge them had seen who took part, and looks again (ticket-finish.ts). */
async function removeParticipants(query: Query, rows: readonly Participant[]): Promise<void> {
  const tickets = rows.map(({ ticketId }) => ticketId)
  await lockTickets(query, 'id', tickets)
  await query({ text: 'UPDATE tickets SET subject = subject WHERE id = ANY($1::uuid[])', values: [tickets] })
  await query({
    text: `DELETE FROM ticket_participants p USING unnest($1::uuid[], $2::text[]) AS gone(ticket_id, address_sha256)
           WHERE p.ticket_id = gone.ticket_id AND p.address_sha256 = gone.address_sha256`,
    values: [tickets, rows.map(({ addressSha256 }) => addressSha256)],
  })
}

async function blankContacts(query: Query, ids: readonly string[]): Promise<number> {
  await lockTickets(query, 'requester_id', ids)
  await query({
    text: `UPDATE contacts SET address = '', address_sha256 = 'erased ' || id, name = '', undeliverable_at = NULL,
             undeliverable_status = NULL WHERE id = ANY($1::uuid[])`,
    values: [ids],
  })
  const tickets = await query({
    text: `UPDATE tickets SET subject = '' WHERE requester_id = ANY($1::uuid[]) AND subject <> '' RETURNING id`,
    values: [ids],
  })
  return tickets.length
}
