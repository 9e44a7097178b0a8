-- Who wrote a message is looked for by `inbound_messages` alone (store/erasure.ts): what was worked before it had that column
-- gets it from its entry.
UPDATE "inbound_messages" m SET "from_address" = left(e."from_address", 320), "subject" = left(e."subject", 1000)
FROM "ticket_entries" e WHERE e."inbound_message_id" = m."id" AND m."from_address" IS NULL AND m."content_purged_at" IS NULL AND e."from_address" <> '';

-- Few addresses are written in more than ASCII: they are all looked at, for PostgreSQL may know no lower case of theirs.
CREATE INDEX "inbound_messages_from_beyond_ascii_idx" ON "inbound_messages" ("id") WHERE octet_length("from_address") <> length("from_address");
