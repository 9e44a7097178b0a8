/**
 * What a busy year leaves: `$n` messages of three mailboxes, seven of ten on tickets, one of a hundred for a person, three
 * events each. Ids are made of numbers, so that rows find each other without being looked up.
 */
const id = (space: number, number: string): string =>
  `('${space}0000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`
const digest = (number: string): string => `encode(sha256((${number})::text::bytea), 'hex')`
const WORDS = `(ARRAY['invoice','refund','login','delivery','broken','question','update','order','password','account'])`
const word = (number: string): string => `${WORDS}[1 + (${number}) % 10]`
/** A year, oldest first. */
const at = (number: string): string => `now() - ($n - (${number})) * interval '1 year' / $n`
const EACH = 'generate_series(1, $n::int) AS n'

export const CONSOLE_ROWS: readonly string[] = [
  `INSERT INTO mailboxes (id, name, url, last_good_poll_at)
   SELECT ${id(1, 'n')}, 'box' || n, 'pop3://box' || n || '@mail.example', now() FROM generate_series(0, 2) AS n`,
  `INSERT INTO contacts (id, address, address_sha256, name)
   SELECT ${id(2, 'n')}, 'person' || n || '@customer' || n % 1000 || '.example', encode(sha256(('person' || n || '@customer' || n % 1000 || '.example')::bytea), 'hex'), 'Person ' || n
   FROM generate_series(0, 49999) AS n`,
  `INSERT INTO raw_messages (sha256, size_bytes) SELECT ${digest('n')}, 1000 + n % 50000 FROM ${EACH}`,
  `INSERT INTO tickets (id, number, mailbox_id, subject, status, requester_id, queue, created_at, updated_at)
   SELECT ${id(3, 'n')}, n, ${id(1, 'n % 3')}, ${word('n')} || ' ' || ${word('n / 10')} || ' ' || n, (CASE n % 50 WHEN 0 THEN 'open' WHEN 1 THEN 'pending' ELSE 'closed' END)::ticket_status,
     ${id(2, 'n % 50000')}, CASE WHEN n % 4 = 0 THEN 'queue' || n % 20 END, ${at('n * 2')}, ${at('n * 2')} FROM generate_series(1, $n / 2) AS n`,
  `INSERT INTO inbound_messages (id, mailbox_id, sha256, unique_id, message_id, state, reason, received_at, finished_at, kind, from_address, subject)
   SELECT ${id(4, 'n')}, ${id(1, 'n % 3')}, ${digest('n')}, 'u' || n, '<m' || n || '@customer.example>',
     (CASE WHEN n % 10 < 7 THEN 'ticketed' WHEN n % 100 = 99 THEN 'quarantined' ELSE 'suppressed' END)::inbound_state,
     CASE WHEN n % 10 < 7 THEN 'thread/none' WHEN n % 100 = 99 THEN 'rule/hold' ELSE 'bounce/report' END, ${at('n')}, ${at('n')}, 'personal',
     'person' || n % 50000 || '@customer' || n % 1000 || '.example', ${word('n')} || ' ' || ${word('n / 10')} || ' ' || n FROM ${EACH}`,
  `INSERT INTO message_references (inbound_message_id, mailbox_id, msg_id_sha256, position)
   SELECT ${id(4, 'n')}, ${id(1, 'n % 3')}, encode(sha256(('<m' || n || '@customer.example>')::bytea), 'hex'), 0 FROM ${EACH}`,
  `INSERT INTO ticket_entries (id, ticket_id, inbound_message_id, from_name, from_address, subject, text, reply)
   SELECT ${id(5, 'n')}, ${id(3, '1 + n % ($n / 2)')}, ${id(4, 'n')}, 'Person', 'person' || n % 50000 || '@customer.example', ${word('n')}, 'Hello', 'Hello'
   FROM ${EACH} WHERE n % 10 < 7`,
  `INSERT INTO remote_messages (mailbox_id, unique_id, size_bytes, first_seen_at, stored_at, sha256, gone_at)
   SELECT ${id(1, 'n % 3')}, 'u' || n, 1000, ${at('n')}, ${at('n')}, ${digest('n')}, ${at('n')} FROM ${EACH}`,
  `INSERT INTO inbound_events (inbound_message_id, mailbox_id, at, code, detail)
   SELECT ${id(4, 'n')}, ${id(1, 'n % 3')}, ${at('n')}, code, jsonb_build_object('reason', 'thread/none', 'uniqueId', 'u' || n)
   FROM ${EACH}, unnest(ARRAY['intake/stored', 'work/ticketed', 'outbound/sent']) AS code`,
  `INSERT INTO poll_sessions (mailbox_id, started_at, ended_at, listed, retrieved, error_code)
   SELECT ${id(1, 'n % 3')}, ${at('n * 4')}, ${at('n * 4')}, 4, 4, CASE WHEN n % 10000 = 0 THEN 'source/unreachable' END FROM generate_series(1, $n / 4) AS n`,
  `INSERT INTO outbox (event_id, target, state, mailbox_id, inbound_message_id, ticket_id, recipient, recipient_sha256, finished_at)
   SELECT n, 'acknowledgement', (CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'sent' END)::outbox_state, ${id(1, 'n % 3')}, ${id(4, 'n')}, ${id(3, '1 + n % ($n / 2)')}, 'a@customer.example', ${digest('n')}, now()
   FROM generate_series(1, $n / 4) AS n`,
]
