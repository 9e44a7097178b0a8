-- What is looked at every second, or at every scrape, however much is kept on a server or waits for a receiver that is dead.
CREATE INDEX "remote_messages_backlog_idx" ON "remote_messages" ("mailbox_id", "first_seen_at") WHERE "gone_at" IS NULL AND "stored_at" IS NULL AND "held_reason" IS NULL;
CREATE INDEX "outbox_acknowledgements_due_idx" ON "outbox" ("mailbox_id", "next_attempt_at", "id") WHERE "state" = 'waiting' AND "target" = 'acknowledgement';
CREATE INDEX "outbox_open_idx" ON "outbox" ("state", "created_at", "finished_at") WHERE "state" IN ('waiting', 'failed');
