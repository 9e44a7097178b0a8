/** Reads a whole database and tells which promises of src/README.md it breaks. */
import { createHash } from 'node:crypto'
import { Client } from 'pg'

export interface Kept {
  /** Every mail that was ever in the mailbox; copies count once, for their octets are one message. */
  readonly octets: readonly Buffer[]
  /** What the server makes of them on their way; as over POP3 unless told. */
  readonly asSent?: (octets: Buffer) => Buffer
  readonly tickets?: number
  /** Mails that answer or report on others, and are rightly on no ticket; none unless told. */
  readonly booked?: number
  /** Of new tickets that are written to go out, whatever became of them. */
  readonly acknowledgements?: number
  /** Mails that are stored and wait for work: the work itself is not looked at. */
  readonly isWorkOpen?: boolean
}

/** One line for each broken promise, the first ones of many; none: all are kept. */
export async function brokenPromises(databaseUrl: string, kept: Kept): Promise<string[]> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const digests = [...new Set(kept.octets.map((octets) => sha256((kept.asSent ?? asSentOverPop3)(octets))))]
    const broken = await ask(client, INTAKE, [digests])
    if (kept.isWorkOpen) return shortened(broken)
    broken.push(...(await ask(client, WORK, [kept.booked ?? 0])))
    const [count] = (await client.query<{ tickets: number }>(TICKETS)).rows
    if (kept.tickets !== undefined && count?.tickets !== kept.tickets) broken.push(`${count?.tickets} tickets`)
    const [written] = (await client.query<{ acknowledgements: number }>(ACKNOWLEDGEMENTS)).rows
    if (kept.acknowledgements !== undefined && written?.acknowledgements !== kept.acknowledgements) {
      broken.push(`${written?.acknowledgements} acknowledgements`)
    }
    return shortened(broken)
  } finally {
    await client.end()
  }
}

const MOST = 10

const shortened = (lines: readonly string[]) =>
  lines.length <= MOST ? [...lines] : [...lines.slice(0, MOST), `and ${lines.length - MOST} more`]

export const sha256 = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')

/** POP3 sends lines: a last one without an end gets it (RFC 1939 section 3). */
const asSentOverPop3 = (octets: Buffer): Buffer =>
  octets.subarray(-2).toString('latin1') === '\r\n' ? octets : Buffer.concat([octets, Buffer.from('\r\n')])

async function ask(client: Client, text: string, values: unknown[]): Promise<string[]> {
  return (await client.query<{ broken: string }>(text, values)).rows.map(({ broken }) => broken)
}

/** Takes the digests of all mails there ever were. */
const INTAKE = `
  WITH wanted AS (SELECT unnest($1::text[]) AS sha256)
  SELECT 'I5 lost: ' || sha256 AS broken FROM wanted WHERE sha256 NOT IN (SELECT sha256 FROM inbound_messages)
  UNION ALL
  SELECT 'I3 received twice, or never sent: ' || sha256 FROM inbound_messages LEFT JOIN wanted USING (sha256)
  GROUP BY sha256, wanted.sha256, mailbox_id HAVING count(*) > 1 OR wanted.sha256 IS NULL
  UNION ALL
  SELECT 'I1 octets differ: ' || r.sha256 FROM raw_messages r LEFT JOIN raw_chunks c USING (sha256) GROUP BY r.sha256
  HAVING encode(sha256(coalesce(string_agg(c.octets, ''::bytea ORDER BY c.seq), ''::bytea)), 'hex') <> r.sha256
    OR coalesce(sum(length(c.octets)), 0) <> r.size_bytes
  UNION ALL
  SELECT 'I1 octets of no message: ' || sha256 FROM raw_messages WHERE sha256 NOT IN (SELECT sha256 FROM inbound_messages)
  UNION ALL
  SELECT 'I2 gone without being stored: ' || unique_id FROM remote_messages WHERE gone_at IS NOT NULL AND stored_at IS NULL
  UNION ALL
  SELECT 'I2 asked to delete what is not stored: ' || unique_id FROM remote_messages
  WHERE delete_asked_at IS NOT NULL AND (stored_at IS NULL OR sha256 NOT IN (SELECT sha256 FROM raw_messages))
  UNION ALL
  SELECT 'I5 sheet does not balance: ' || id FROM poll_sessions
  WHERE ended_at IS NOT NULL AND (listed <> known + retrieved + held + "left" OR stored > retrieved OR deleted > listed)
  UNION ALL
  SELECT 'I8 stored without its one event: ' || m.id FROM inbound_messages m
  WHERE (SELECT count(*) FROM inbound_events e WHERE e.inbound_message_id = m.id AND e.code = 'intake/stored') <> 1`

/**
 * Takes how many mails answer or report on others. On which ticket they are booked is not looked at: one that is fetched
 * polls before the mail that it is about is booked on none.
 */
const WORK = `
  WITH booked AS (
    SELECT id FROM inbound_messages WHERE state = 'suppressed' AND kind IN ('auto-reply', 'delivery-status'))
  SELECT 'I3 is ' || state || coalesce(' for ' || reason, '') || ': ' || id AS broken FROM inbound_messages
  WHERE state <> 'ticketed' AND id NOT IN (SELECT id FROM booked)
  UNION ALL
  SELECT 'I3 booked: ' || count(*) FROM booked HAVING count(*) <> $1::int
  UNION ALL
  SELECT 'I3 entries: ' || count(e.id) || ' for ' || m.id FROM inbound_messages m
  LEFT JOIN ticket_entries e ON e.inbound_message_id = m.id GROUP BY m.id
  HAVING count(e.id) <> CASE m.state WHEN 'ticketed' THEN 1 ELSE 0 END
  UNION ALL
  SELECT 'I3 ticket without an entry: ' || number FROM tickets t
  WHERE status <> 'merged' AND NOT EXISTS (SELECT FROM ticket_entries e WHERE e.ticket_id = t.id)
  UNION ALL
  SELECT 'I3 entry on a merged ticket: ' || number FROM tickets t JOIN ticket_entries e ON e.ticket_id = t.id WHERE status = 'merged'
  UNION ALL
  SELECT 'I3 contact of nobody: ' || c.id FROM contacts c
  WHERE NOT EXISTS (SELECT FROM ticket_entries e WHERE lower(e.from_address) = lower(c.address))
  UNION ALL
  SELECT 'I8 ' || m.state || ' without its one event: ' || m.id FROM inbound_messages m
  WHERE (SELECT array_agg(e.code) FROM inbound_events e WHERE e.inbound_message_id = m.id AND e.code LIKE 'work/%')
    IS DISTINCT FROM ARRAY['work/' || m.state]
  UNION ALL
  SELECT 'I3 acknowledged twice: ' || t.number FROM tickets t JOIN outbox o ON o.ticket_id = t.id GROUP BY t.number HAVING count(*) > 1
  UNION ALL
  SELECT 'I3 acknowledged without its ticket: ' || o.id FROM outbox o WHERE o.ticket_id IS NULL OR o.inbound_message_id IS NULL
    OR NOT EXISTS (SELECT FROM inbound_events e WHERE e.id = o.event_id AND e.code = 'work/ticketed')`

const TICKETS = `SELECT count(*)::int AS tickets FROM tickets WHERE status <> 'merged'`

const ACKNOWLEDGEMENTS = 'SELECT count(*)::int AS acknowledgements FROM outbox'
