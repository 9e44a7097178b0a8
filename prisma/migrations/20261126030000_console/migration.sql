-- AlterTable
ALTER TABLE "inbound_messages" ADD COLUMN     "from_address" TEXT,
ADD COLUMN     "subject" TEXT;

-- CreateIndex
CREATE INDEX "inbound_messages_received_at_id_idx" ON "inbound_messages"("received_at", "id");

-- CreateIndex
CREATE INDEX "inbound_messages_mailbox_id_received_at_idx" ON "inbound_messages"("mailbox_id", "received_at");

-- CreateIndex
CREATE INDEX "inbound_messages_reason_received_at_idx" ON "inbound_messages"("reason", "received_at");

-- What people search by (store/browse.ts). Senders choose how long an address is, a B-tree does not.
CREATE INDEX "inbound_messages_from_address_idx" ON "inbound_messages" (left(lower("from_address"), 200) text_pattern_ops, "received_at");
CREATE INDEX "inbound_messages_from_domain_idx" ON "inbound_messages" (reverse(left(lower("from_address"), 200)) text_pattern_ops, "received_at");
CREATE INDEX "inbound_messages_subject_idx" ON "inbound_messages" USING gin (to_tsvector('simple', "subject"));
