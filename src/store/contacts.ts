/** Who wrote to us, and whether anything is sent there. */
import { type Act, toldOf } from './act.ts'
import type { Database } from './database.ts'
import { COMPLAINT } from './reports.ts'

export interface KnownContact {
  readonly id: string
  readonly address: string
  readonly name: string
  readonly createdAt: Date
  /** Since when nothing is sent there any more; null: it is. */
  readonly silentSince: Date | null
  /** `complaint`, or the status of the bounce (RFC 3463) where it told one. */
  readonly silentFor: string | null
  /** The newest tickets of theirs, each with what became of its acknowledgement: a code, or `sent`, `waiting`. */
  readonly tickets: readonly { readonly number: number; readonly acknowledgement: string | null }[]
}

/** `keys` as in `contacts.address_sha256`: one a spelling. */
export interface Contacts {
  find(keys: readonly string[]): Promise<KnownContact[]>
  /**
   * They are written to again, whatever came back or who complained. One event for each, in the mailbox of their newest
   * ticket; it names the contact by id. Returns how many were silent.
   */
  reset(keys: readonly string[], act: Act): Promise<number>
}

const TICKETS_TOLD = 5

export function contacts({ query }: Database): Contacts {
  return {
    find: (keys) => query<KnownContact>({ text: FIND, values: [keys] }),
    reset: async (keys, act) => (await query({ text: RESET, values: [keys, toldOf(act)] })).length,
  }
}

/** An acknowledgement that was due is in the outbox; why another one was not stands in the event of its mail. */
const FIND = `
  SELECT c.id, c.address, c.name, c.created_at AS "createdAt", c.undeliverable_at AS "silentSince",
    c.undeliverable_status AS "silentFor", coalesce((
      SELECT jsonb_agg(newest ORDER BY newest.number DESC) FROM (
        SELECT t.number, coalesce(
          (SELECT coalesce(o.reason, o.state::text) FROM outbox o WHERE o.ticket_id = t.id AND o.target = 'acknowledgement' LIMIT 1),
          (SELECT v.detail->>'acknowledgement' FROM ticket_entries e JOIN inbound_events v ON v.inbound_message_id = e.inbound_message_id
           WHERE e.ticket_id = t.id AND v.code = 'work/ticketed' ORDER BY v.id LIMIT 1)) AS acknowledgement
        FROM tickets t WHERE t.requester_id = c.id ORDER BY t.number DESC LIMIT ${TICKETS_TOLD}) AS newest), '[]') AS tickets
  FROM contacts c WHERE c.address_sha256 = ANY($1::text[]) ORDER BY c.created_at, c.id`

/** Who was met on the ticket of somebody else has none: then it is any mailbox, for an event is of one. */
const RESET = `
  WITH before AS (
    SELECT id, undeliverable_status AS status FROM contacts
    WHERE address_sha256 = ANY($1::text[]) AND undeliverable_at IS NOT NULL FOR UPDATE
  ), heard AS (
    UPDATE contacts c SET undeliverable_at = NULL, undeliverable_status = NULL FROM before WHERE c.id = before.id
    RETURNING c.id, before.status
  )
  INSERT INTO inbound_events (mailbox_id, code, detail)
  SELECT coalesce((SELECT t.mailbox_id FROM tickets t WHERE t.requester_id = heard.id ORDER BY t.number DESC LIMIT 1),
      (SELECT id FROM mailboxes ORDER BY created_at, id LIMIT 1)),
    'operator/contact-reset', jsonb_build_object('contact', heard.id, 'was', coalesce(status, 'bounced')) || $2::jsonb FROM heard
  RETURNING id`

/** In words. */
export const silenceOf = ({ silentFor }: Pick<KnownContact, 'silentFor'>): string =>
  silentFor === COMPLAINT
    ? 'somebody there complained'
    : `mail came back for good${silentFor === null ? '' : ` (${silentFor})`}`
