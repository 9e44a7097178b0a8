/** The one statement by which a message becomes (part of) a ticket. */
import { personOf } from '../message/wire-address.ts'
import type { Database } from './database.ts'
import { searchable } from './messages.ts'
import { ACKNOWLEDGEMENT } from './outbox.ts'
import { COMPLAINT } from './reports.ts'
import { addressKey, keyOf } from './threads.ts'
import { isPast } from './ticket-view.ts'
import type { Acknowledgement, Finished, NewEntry, ThreadView, TicketEffect, TicketPlace } from './tickets.ts'

/** Of the requester. */
const IS_TO_BE_NAMED = `(c.address_sha256 = $9 AND c.name = '' AND $26 <> '')`

/** Who wrote, from where mail came back. By the row itself, that may have changed since the statement began. */
const IS_HEARD_OF = `(c.address_sha256 = $35 AND c.undeliverable_at IS NOT NULL
  AND c.undeliverable_status IS DISTINCT FROM '${COMPLAINT}' AND $24::trust <> 'failed')`

/**
 * `place` locks the tickets that are added to or merged, and finds none that was merged or closed for long meanwhile:
 * they may be in another thread than the message, whose version says nothing of that. A lock that was waited for shows
 * the row as it is now, all else is as it was when the statement began: what came onto a ticket meanwhile would not be
 * moved with it, and shows by another version of its row. The lock lets others refer to the ticket (foreign keys): a
 * report that is booked on it has the contact in its hands, which is wanted here next.
 *
 * `met_again` is one statement for all that changes of a contact: of two on one row the second does nothing.
 */
const FINISH = (acknowledged: string, silent: string) => `
  WITH turn AS (
    UPDATE threads SET version = version + 1 
    WHERE id = coalesce($2::uuid, (SELECT thread_id FROM inbound_messages WHERE id = $1)) AND version = $3 RETURNING id
  ), place AS (
    SELECT t.id, t.xmin AS version, t.status FROM tickets t WHERE t.id = ANY($18::uuid[] || $4::uuid) AND NOT ${isPast('t', '$34')}
    ORDER BY t.number FOR NO KEY UPDATE
  ), claimed AS (
    UPDATE inbound_messages m SET state = 'ticketed', reason = $6, finished_at = now(), kind = $20::mail_kind,
      similarity_sha256 = $21, ticket_id = NULL, ${searchable('$8', '$10')}
    FROM turn
    WHERE m.id = $1 AND m.state = 'received' AND m.thread_id = turn.id
      AND ($4::uuid IS NULL OR (SELECT count(*) FROM place) = 1 + cardinality($18::uuid[]))
      AND NOT EXISTS (SELECT FROM place JOIN tickets seen USING (id)
        WHERE place.id = ANY($18::uuid[]) AND seen.xmin <> place.version)
    RETURNING m.id, m.mailbox_id
  ), known AS (
    SELECT id FROM contacts WHERE address_sha256 = $9
  ), wrote AS (
    SELECT id, undeliverable_at IS NOT NULL AS "isSilent", undeliverable_status = '${COMPLAINT}' AS "hasComplained"
    FROM contacts WHERE address_sha256 = $35
  ), met_again AS (
    UPDATE contacts c SET name = CASE WHEN ${IS_TO_BE_NAMED} THEN $26 ELSE c.name END,
      undeliverable_at = CASE WHEN ${IS_HEARD_OF} THEN NULL ELSE c.undeliverable_at END,
      undeliverable_status = CASE WHEN ${IS_HEARD_OF} THEN NULL ELSE c.undeliverable_status END
    FROM claimed WHERE c.address_sha256 IN ($9, $35) AND (${IS_TO_BE_NAMED} OR ${IS_HEARD_OF})
  ), met AS (
    INSERT INTO contacts (address, address_sha256, name)
    SELECT $27, $9, $26 FROM claimed WHERE NOT EXISTS (SELECT 1 FROM known)
    ON CONFLICT (address_sha256) DO UPDATE SET name = coalesce(nullif(contacts.name, ''), excluded.name)
    RETURNING id
  ), contact AS (
    SELECT id FROM known UNION ALL SELECT id FROM met
  ), opened AS (
    INSERT INTO tickets (mailbox_id, subject, requester_id, linked_ticket_id, queue, priority, tags, assignee)
    SELECT claimed.mailbox_id, $10, contact.id, $5::uuid, $28, coalesce($29::ticket_priority, 'normal'), $30::text[], $31 FROM claimed, contact WHERE $4::uuid IS NULL
    RETURNING id, number
  ), continued AS (
    UPDATE tickets t SET updated_at = now(), tags = t.tags || ARRAY(SELECT tag FROM unnest($30::text[]) AS tag WHERE tag <> ALL (t.tags)), status = CASE WHEN t.status = 'closed' THEN 'open' ELSE t.status END
    FROM claimed WHERE t.id = $4::uuid RETURNING t.id, t.number
  ), ticket AS (
    SELECT id, number FROM opened UNION ALL SELECT id, number FROM continued
  ), entry AS (
    INSERT INTO ticket_entries (ticket_id, inbound_message_id, message_id, from_name, from_address, subject, text, html, sent_at,
      reply, recipients, trust, authenticity, defects, reply_html)
    SELECT ticket.id, claimed.id, $11, $7, $8, $10, $12, $13, $14::timestamptz, $22, $23, $24::trust, $25, $32::text[], $33
    FROM ticket, claimed
    RETURNING id
  ), attached AS (
    INSERT INTO attachments (entry_id, position, filename, content_type, size_bytes, sha256, disposition, content_id)
    SELECT entry.id, a.position, a.filename, a."contentType", a."sizeBytes", a.sha256, a.disposition, a."contentId"
    FROM entry, jsonb_to_recordset($15::jsonb) AS a(position int, filename text, "contentType" text, "sizeBytes" int,
      sha256 text, disposition text, "contentId" text)
  ), moved AS (
    UPDATE ticket_entries e SET ticket_id = ticket.id FROM ticket WHERE e.ticket_id = ANY($18::uuid[])
  ), merged AS (
    UPDATE tickets t SET status = 'merged', merged_into_id = ticket.id FROM ticket WHERE t.id = ANY($18::uuid[])
  ), taking_part AS (
    INSERT INTO ticket_participants (ticket_id, address_sha256, address)
    SELECT ticket.id, p.key, p.address FROM ticket, (
      SELECT key, address FROM unnest($16::text[], $17::text[]) AS new(key, address)
      UNION SELECT address_sha256, address FROM ticket_participants WHERE ticket_id = ANY($18::uuid[])
    ) AS p
    ON CONFLICT DO NOTHING
  ), told AS (
    INSERT INTO inbound_events (inbound_message_id, mailbox_id, code, detail)
    SELECT claimed.id, claimed.mailbox_id, 'work/ticketed',
      jsonb_build_object('reason', $6::text, 'ticket', ticket.number) || $19::jsonb${silent}
        || CASE WHEN (SELECT status FROM place WHERE id = $4::uuid) = 'closed' THEN '{"reopened": true}'::jsonb ELSE '{}' END
      FROM claimed, ticket
    RETURNING id, inbound_message_id, mailbox_id
  )${acknowledged}
  SELECT me.state = 'received' AS "wasWaiting", ticket.number AS "ticketNumber"
  FROM inbound_messages me LEFT JOIN ticket ON true WHERE me.id = $1`

/** Its cause is the event: (event, target) is unique, so there is one of it however often this runs. */
const ACKNOWLEDGED = `, acknowledged AS (
    INSERT INTO outbox (event_id, target, mailbox_id, inbound_message_id, ticket_id, recipient, recipient_sha256, language)
    SELECT told.id, '${ACKNOWLEDGEMENT}', told.mailbox_id, told.inbound_message_id, opened.id, $36, $37, $38 FROM told, opened
    WHERE NOT EXISTS (SELECT 1 FROM wrote WHERE "isSilent")
  )`

/** Overrules that it is due. */
const SILENT = ` || coalesce((SELECT jsonb_build_object('acknowledgement',
  CASE WHEN "hasComplained" THEN 'acknowledge/complained' ELSE 'acknowledge/undeliverable' END) FROM wrote WHERE "isSilent"), '{}')`

/** Two statements, so that mailboxes which acknowledge nothing pay nothing for it. */
const PLAIN = { name: 'ticket-finish', text: FINISH('', '') }
const WITH_ACKNOWLEDGEMENT = { name: 'ticket-finish-acknowledged', text: FINISH(ACKNOWLEDGED, SILENT) }

export async function finish(
  database: Database,
  inboundMessageId: string,
  view: ThreadView,
  { place, entry, reopenDays, acknowledgement }: TicketEffect,
): Promise<Finished> {
  const due = acknowledgement !== undefined && 'recipient' in acknowledgement ? acknowledgement : null
  const { trust, ...authenticity } = entry.authenticity
  const addresses = new Map(entry.participants.map((address) => [addressKey(address), address]))
  const [row] = await database.query<{ wasWaiting: boolean; ticketNumber: number | null }>({
    ...(due === null ? PLAIN : WITH_ACKNOWLEDGEMENT),
    values: [
      inboundMessageId,
      view.threadId,
      view.version,
      place.ticketId,
      place.linkedTicketId,
      place.reason,
      entry.from.name,
      entry.from.address,
      addressKey(entry.requester.address),
      entry.subject,
      entry.messageId,
      entry.text,
      entry.html,
      entry.sentAt,
      JSON.stringify(entry.attachments.map((attachment, position) => ({ ...attachment, position }))),
      [...addresses.keys()],
      [...addresses.values()],
      place.absorbs,
      JSON.stringify({ ...entry.told, ...detailOf(view, place, acknowledgement) }),
      entry.kind,
      entry.similaritySha256,
      entry.reply,
      JSON.stringify(entry.recipients),
      trust,
      JSON.stringify(authenticity),
      nameOf(entry),
      entry.requester.address,
      entry.marks.queue,
      entry.marks.priority,
      entry.marks.tags,
      entry.marks.assignee,
      entry.defects,
      entry.replyHtml,
      reopenDays,
      addressKey(entry.from.address),
      ...(due === null ? [] : [due.recipient, keyOf(personOf(due.recipient)), due.language]),
    ],
  })
  if (row === undefined || !row.wasWaiting) return { outcome: 'gone' }
  if (row.ticketNumber === null) return { outcome: 'stale' }
  return { outcome: 'done', ticketNumber: row.ticketNumber, isNew: place.ticketId === null }
}

/**
 * A contact is called by the first name that it came with, and by none that others may have put there: nobody has no
 * name, and who fails DMARC is somebody else.
 */
const nameOf = ({ requester, authenticity }: NewEntry) =>
  requester.address === '' || authenticity.trust === 'failed' ? '' : requester.name

function detailOf(view: ThreadView, place: TicketPlace, acknowledgement: Acknowledgement | undefined) {
  return {
    ...(acknowledgement === undefined ? {} : { acknowledgement: codeOf(acknowledgement) }),
    ...(place.ticketId === null ? { opened: true } : {}),
    ...(place.absorbs.length > 0 ? { absorbed: place.absorbs } : {}),
    ...(view.relatives.some(({ sameMessageId }) => sameMessageId) ? { messageIdRepeated: true } : {}),
  }
}

const codeOf = (acknowledgement: Acknowledgement) =>
  'refusal' in acknowledgement ? acknowledgement.refusal : 'acknowledge/due'
