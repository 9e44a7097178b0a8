-- AlterEnum
ALTER TYPE "outbox_state" ADD VALUE 'skipped';

-- DropIndex
DROP INDEX "remote_messages_mailbox_id_unique_id_key";

-- AlterTable
ALTER TABLE "inbound_messages" ADD COLUMN     "identity_sha256" TEXT,
ADD COLUMN     "source" TEXT NOT NULL DEFAULT '';

-- AlterTable
ALTER TABLE "mailboxes" ADD COLUMN     "list_cursor" TEXT,
ADD COLUMN     "source" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "source_changed_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "finished_at" TIMESTAMPTZ(3),
ADD COLUMN     "inbound_message_id" UUID,
ADD COLUMN     "language" TEXT,
ADD COLUMN     "mailbox_id" UUID NOT NULL,
ADD COLUMN     "message_id" TEXT,
ADD COLUMN     "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "reason" TEXT,
ADD COLUMN     "recipient" TEXT NOT NULL,
ADD COLUMN     "recipient_sha256" TEXT NOT NULL,
ADD COLUMN     "ticket_id" UUID;

-- AlterTable
ALTER TABLE "remote_messages" ADD COLUMN     "source" TEXT NOT NULL DEFAULT '';

-- CreateTable
CREATE TABLE "mailbox_logins" (
    "mailbox_id" UUID NOT NULL,
    "client_sha256" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "key_id" TEXT NOT NULL,
    "logged_in_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "renewed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "refused_at" TIMESTAMPTZ(3),

    CONSTRAINT "mailbox_logins_pkey" PRIMARY KEY ("mailbox_id")
);

-- CreateTable
CREATE TABLE "access_tokens" (
    "mailbox_id" UUID NOT NULL,
    "resource" TEXT NOT NULL,
    "client_sha256" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "key_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "access_tokens_pkey" PRIMARY KEY ("mailbox_id","resource")
);

-- CreateIndex
CREATE INDEX "outbox_state_next_attempt_at_idx" ON "outbox"("state", "next_attempt_at");

-- CreateIndex
CREATE INDEX "outbox_recipient_sha256_finished_at_idx" ON "outbox"("recipient_sha256", "finished_at");

-- CreateIndex
CREATE UNIQUE INDEX "remote_messages_mailbox_id_source_unique_id_key" ON "remote_messages"("mailbox_id", "source", "unique_id");

-- AddForeignKey
ALTER TABLE "mailbox_logins" ADD CONSTRAINT "mailbox_logins_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_tokens" ADD CONSTRAINT "access_tokens_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_inbound_message_id_fkey" FOREIGN KEY ("inbound_message_id") REFERENCES "inbound_messages"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "tickets"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Until now everything came over POP3: where from, the URL of the mailbox tells.
UPDATE "mailboxes" SET "source" = 'pop3 ' || CASE
  WHEN "url" LIKE 'outlook://%' THEN 'outlook.office365.com'
  ELSE coalesce(substring("url" FROM '@\[([^\]@]*)\]'), substring("url" FROM '@([^@:/]*)(:[0-9]+)?$'), '')
END;
UPDATE "remote_messages" r SET "source" = m."source" FROM "mailboxes" m WHERE m."id" = r."mailbox_id";
UPDATE "inbound_messages" i SET "source" = m."source" FROM "mailboxes" m WHERE m."id" = i."mailbox_id";
