-- CreateIndex
CREATE INDEX "remote_messages_mailbox_id_sha256_idx" ON "remote_messages"("mailbox_id", "sha256");

-- CreateIndex
CREATE INDEX "outbox_ticket_id_idx" ON "outbox"("ticket_id");

-- CreateIndex
CREATE INDEX "outbox_inbound_message_id_idx" ON "outbox"("inbound_message_id");

-- CreateIndex
CREATE INDEX "tickets_requester_id_number_idx" ON "tickets"("requester_id", "number");

-- CreateIndex
CREATE INDEX "tickets_status_number_idx" ON "tickets"("status", "number");

-- CreateIndex
CREATE INDEX "tickets_queue_number_idx" ON "tickets"("queue", "number");

-- What hangs on a ticket, for its page: most tickets and messages name none.
CREATE INDEX "tickets_linked_ticket_id_idx" ON "tickets"("linked_ticket_id") WHERE "linked_ticket_id" IS NOT NULL;
CREATE INDEX "tickets_merged_into_id_idx" ON "tickets"("merged_into_id") WHERE "merged_into_id" IS NOT NULL;
CREATE INDEX "inbound_messages_ticket_id_idx" ON "inbound_messages"("ticket_id") WHERE "ticket_id" IS NOT NULL;
CREATE INDEX "poll_sessions_error_idx" ON "poll_sessions"("id") WHERE "error_code" IS NOT NULL;
