import type { InboundState } from '../generated/prisma/client.ts'
import type { Database } from './database.ts'
import { type ErasedMessages, eraseMessages } from './erase-messages.ts'
import { addressTraces, type Traces } from './erase-traces.ts'
import { isBeyondAscii, maybe, type Spelled } from './spelled.ts'
import { followMerges } from './ticket-view.ts'

/** A message that may be of an address. */
export interface Suspect {
  readonly id: string
  readonly sha256: string
  readonly sizeBytes: number
  readonly state: InboundState
  /** As far as it is known; null: its octets have to be read. May be cut off, where it is longer than 320 characters. */
  readonly fromAddress: string | null
}

/** Removes a person's mail, and the traces of an address. Everything may be called again: what is gone is not found. */
export interface Erasure extends Traces {
  /** Messages whose sender may be written in this way, in the order of their ids. */
  from(who: Spelled, after: string | null, limit: number): Promise<Suspect[]>
  /** Messages whose octets have to be read to know who wrote them: unread ones, and those on tickets that he takes part in. */
  unread(who: Spelled, after: string | null, limit: number): Promise<Suspect[]>
  /** All that say anything. */
  speaking(after: string | null, limit: number): Promise<Suspect[]>
  /** Those of these messages whose entry has one of the spellings anywhere. */
  naming(ids: readonly string[], who: Spelled): Promise<string[]>
  /** What was stored of these messages: octets, content, sender, what was to go out to them. One transaction. */
  eraseMessages(ids: readonly string[], by: string): Promise<ErasedMessages>
}

export function erasure(database: Database): Erasure {
  const { query } = database
  return {
    from: ({ spellings, keys }, after, limit) =>
      query<Suspect>({
        text: FROM,
        values: [after, limit, spellings, keys, cutOff(spellings, SEARCHABLE), cutOff(spellings, INDEXED)],
      }),
    unread: ({ keys }, after, limit) => query<Suspect>({ text: UNREAD, values: [after, limit, keys] }),
    speaking: (after, limit) => query<Suspect>({ text: SPEAKING, values: [after, limit] }),
    naming: async (ids, { spellings }) => {
      const rows = await query<{ id: string }>({ text: NAMING, values: [ids, spellings] })
      return rows.map(({ id }) => id)
    },
    eraseMessages: (ids, by) => database.transaction((inside) => eraseMessages(inside, ids, by)),
    ...addressTraces(database),
  }
}

/** As messages.ts cuts it off, and as its index does. */
const SEARCHABLE = 320
const INDEXED = 200
const cutOff = (spellings: readonly string[], chars: number) => spellings.map((each) => each.slice(0, chars))

const SUSPECT = (fromAddress: string) =>
  `SELECT m.id, m.sha256, r.size_bytes AS "sizeBytes", m.state, ${fromAddress} AS "fromAddress"
   FROM inbound_messages m JOIN raw_messages r ON r.sha256 = m.sha256`

/** The first entry of ticket `t`, which is on another one now where `t` was merged. */
const OPENED_BY = `
  SELECT * FROM ticket_entries e WHERE e.ticket_id = merged.ids[cardinality(merged.ids)] AND (t.status <> 'merged' OR EXISTS (
    SELECT FROM inbound_events v WHERE v.inbound_message_id = e.inbound_message_id AND v.code = 'work/ticketed'
      AND v.detail->>'ticket' = t.number::text))
  ORDER BY created_at, id LIMIT 1`

/**
 * Each is found by itself, by an index, before anything is joined. The second: a form was filled in, and who did so stands
 * in Reply-To alone (`requesterIsReplyTo`).
 */
const FROM = `
  WITH theirs AS (
    SELECT m.id, m.from_address, 1 AS rank FROM inbound_messages m
    WHERE (left(lower(m.from_address), ${INDEXED}) COLLATE "C") = ANY($6::text[]) AND ${maybe('m.from_address', '$5')}
      AND m.content_purged_at IS NULL
    UNION ALL
    SELECT m.id, m.from_address, 1 FROM inbound_messages m
    WHERE ${isBeyondAscii('m.from_address')} AND m.content_purged_at IS NULL
    UNION ALL
    SELECT m.id, c.address, 0
    FROM contacts c JOIN tickets t ON t.requester_id = c.id
    ${followMerges('t.id')}
    JOIN LATERAL (${OPENED_BY}) e ON true
    JOIN inbound_messages m ON m.id = e.inbound_message_id AND m.content_purged_at IS NULL
    WHERE c.address_sha256 = ANY($4::text[]) AND EXISTS (SELECT FROM jsonb_array_elements(e.recipients) one
      WHERE one->>'field' = 'reply-to' AND lower(one->>'address') = ANY($3::text[]))
  ), first AS MATERIALIZED (
    SELECT DISTINCT ON (id) id, from_address FROM theirs WHERE $1::uuid IS NULL OR id > $1 ORDER BY id, rank LIMIT $2
  )
  ${SUSPECT('first.from_address')} JOIN first ON first.id = m.id ORDER BY m.id`

const UNREAD = `${SUSPECT('NULL')}
  WHERE r.purged_at IS NULL AND ($1::uuid IS NULL OR m.id > $1) AND (m.from_address IS NULL OR m.id IN (
    SELECT e.inbound_message_id FROM ticket_entries e JOIN ticket_participants p ON p.ticket_id = e.ticket_id
    WHERE p.address_sha256 = ANY($3::text[])))
  ORDER BY m.id LIMIT $2`

const SPEAKING = `${SUSPECT('m.from_address')}
  WHERE (r.purged_at IS NULL OR m.content_purged_at IS NULL) AND ($1::uuid IS NULL OR m.id > $1) ORDER BY m.id LIMIT $2`

const NAMING = `
  SELECT e.inbound_message_id AS id FROM ticket_entries e WHERE e.inbound_message_id = ANY($1::uuid[]) AND EXISTS (
    SELECT FROM unnest($2::text[]) AS named(spelling) WHERE position(spelling IN lower(concat_ws(' ', e.from_name, e.from_address,
      e.subject, e.text, e.html, e.reply, e.reply_html, e.message_id, e.recipients::text,
      (SELECT string_agg(a.filename, ' ') FROM attachments a WHERE a.entry_id = e.id)))) > 0)`
