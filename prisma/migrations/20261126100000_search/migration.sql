-- DropIndex
DROP INDEX "inbound_messages_mailbox_id_sha256_key";

-- DropIndex
DROP INDEX "inbound_messages_sha256_idx";

-- DropIndex
DROP INDEX "inbound_messages_mailbox_id_received_at_idx";

-- DropIndex
DROP INDEX "tickets_created_at_idx";

-- CreateIndex
CREATE UNIQUE INDEX "inbound_messages_sha256_mailbox_id_key" ON "inbound_messages"("sha256", "mailbox_id");

-- CreateIndex
CREATE INDEX "inbound_messages_mailbox_id_received_at_state_idx" ON "inbound_messages"("mailbox_id", "received_at", "state");

-- CreateIndex
CREATE INDEX "outbox_mailbox_id_id_idx" ON "outbox"("mailbox_id", "id");

-- CreateIndex
CREATE INDEX "poll_sessions_mailbox_id_id_idx" ON "poll_sessions"("mailbox_id", "id");

-- CreateIndex
CREATE INDEX "tickets_mailbox_id_number_idx" ON "tickets"("mailbox_id", "number");

-- What is asked for together with a mailbox or a reason is in their indexes, too: rows that are not meant are not read.
-- What people search by (store/browse/message-filters.ts), in the order of octets whatever the database sorts by: so the
-- same index finds what starts with a text, and has the messages of one text by time. Of an address its domain has an
-- index, for a domain is sought as a whole.
DROP INDEX "inbound_messages_reason_idx", "inbound_messages_from_address_idx", "inbound_messages_from_domain_idx";
CREATE INDEX "inbound_messages_reason_idx" ON "inbound_messages" ("reason" COLLATE "C", "received_at", "state", "mailbox_id") WHERE "reason" IS NOT NULL;
CREATE INDEX "inbound_messages_from_address_idx" ON "inbound_messages" (left(lower("from_address"), 200) COLLATE "C", "received_at") WHERE "from_address" IS NOT NULL;
CREATE INDEX "inbound_messages_from_domain_idx" ON "inbound_messages" (left(substring(lower("from_address") FROM '@[^@]*$'), 200) COLLATE "C", "received_at") WHERE "from_address" IS NOT NULL;
