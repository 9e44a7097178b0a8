/** Messages by the thousand, made by SQL, that lie unevenly: what is frequent may be all long ago. */
const id = (number: string): string => `('40000000-0000-4000-8000-' || lpad((${number})::text, 12, '0'))::uuid`
const MAILBOX = `(SELECT id FROM mailboxes WHERE name = CASE WHEN n <= $n / 2 THEN 'retired' ELSE 'box' || n % 2 END)`

/**
 * The older half is a storm of one sender into a mailbox that is used no more; three each came at the same instant,
 * and the first ones had a reason of their own. The other half is of many senders. Of a hundred one is for a person; none waits.
 */
export const MANY_MESSAGES: readonly string[] = [
  `INSERT INTO mailboxes (name, url) SELECT name, 'pop3://' || name FROM unnest(ARRAY['box0', 'box1', 'retired', 'empty']) AS name`,
  `INSERT INTO raw_messages (sha256, size_bytes) SELECT encode(sha256(n::text::bytea), 'hex'), 1000 FROM generate_series(1, $n) AS n`,
  `INSERT INTO inbound_messages (id, mailbox_id, sha256, unique_id, message_id, state, reason, received_at, finished_at, from_address, subject)
   SELECT ${id('n')}, ${MAILBOX}, encode(sha256(n::text::bytea), 'hex'), 'u' || n, '<m' || n || '@x.example>',
     (CASE WHEN n <= $n / 2 THEN 'suppressed' WHEN n % 100 = 0 THEN 'quarantined' ELSE 'ticketed' END)::inbound_state,
     CASE WHEN n <= 60 THEN 'rule/first' WHEN n <= $n / 2 THEN 'rule/storm' WHEN n % 100 = 0 THEN 'rule/hold' ELSE 'thread/none' END,
     '2026-01-01T00:00:00.000001Z'::timestamptz + (n / 3) * interval '1 minute', now(),
     CASE WHEN n <= $n / 2 THEN 'Bot@Old.Example' ELSE 'person' || n % 500 || '@customer' || n % 20 || '.example' END,
     CASE WHEN n <= $n / 2 THEN 'Storm alert ' || n || CASE WHEN n <= $n / 8 THEN ' early' ELSE '' END ELSE 'Invoice ' || n % 7 || ' of ' || n END
   FROM generate_series(1, $n) AS n`,
  `INSERT INTO message_references (inbound_message_id, mailbox_id, msg_id_sha256, position)
   SELECT id, mailbox_id, encode(sha256(message_id::bytea), 'hex'), 0 FROM inbound_messages`,
]
