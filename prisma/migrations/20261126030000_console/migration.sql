-- AlterTable
ALTER TABLE "inbound_messages" ADD COLUMN     "from_address" TEXT,
ADD COLUMN     "subject" TEXT;

-- CreateIndex
CREATE INDEX "inbound_messages_received_at_id_idx" ON "inbound_messages"("received_at", "id");

-- CreateIndex
CREATE INDEX "inbound_messages_mailbox_id_received_at_idx" ON "inbound_messages"("mailbox_id", "received_at");

-- What people search by (store/browse/messages.ts). Senders choose how long an address is, a B-tree does not. Only of
-- messages that were worked: a row is changed twice before, and each index costs every change.
CREATE INDEX "inbound_messages_reason_idx" ON "inbound_messages" ("reason" text_pattern_ops, "received_at") WHERE "reason" IS NOT NULL;
CREATE INDEX "inbound_messages_from_address_idx" ON "inbound_messages" (left(lower("from_address"), 200) text_pattern_ops, "received_at") WHERE "from_address" IS NOT NULL;
CREATE INDEX "inbound_messages_from_domain_idx" ON "inbound_messages" (reverse(left(lower("from_address"), 200)) text_pattern_ops, "received_at") WHERE "from_address" IS NOT NULL;
CREATE INDEX "inbound_messages_subject_idx" ON "inbound_messages" USING gin (to_tsvector('simple', "subject")) WHERE "subject" IS NOT NULL;
