-- CreateEnum
CREATE TYPE "mail_kind" AS ENUM ('personal', 'list', 'notification', 'auto-reply', 'delivery-status', 'disposition', 'feedback', 'challenge');

-- CreateEnum
CREATE TYPE "trust" AS ENUM ('verified', 'unverified', 'failed', 'unknown');

-- CreateEnum
CREATE TYPE "ticket_priority" AS ENUM ('low', 'normal', 'high', 'urgent');

-- AlterTable
ALTER TABLE "contacts" ADD COLUMN     "undeliverable_at" TIMESTAMPTZ(3),
ADD COLUMN     "undeliverable_status" TEXT;

-- AlterTable
ALTER TABLE "inbound_messages" ADD COLUMN     "kind" "mail_kind",
ADD COLUMN     "similarity_sha256" TEXT,
ADD COLUMN     "ticket_id" UUID;

-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "bounce_status" TEXT,
ADD COLUMN     "bounced_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "ticket_entries" ADD COLUMN     "authenticity" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "defects" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "recipients" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "reply_html" TEXT,
ADD COLUMN     "trust" "trust" NOT NULL DEFAULT 'unknown';

-- AlterTable
ALTER TABLE "tickets" ADD COLUMN     "assignee" TEXT,
ADD COLUMN     "priority" "ticket_priority" NOT NULL DEFAULT 'normal',
ADD COLUMN     "queue" TEXT,
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateIndex
CREATE INDEX "outbox_message_id_idx" ON "outbox"("message_id");

-- AddForeignKey
ALTER TABLE "inbound_messages" ADD CONSTRAINT "inbound_messages_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "tickets"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What is counted as similar (store/loops.ts). Only rows that have a key: each index costs every change of a row.
CREATE INDEX "inbound_messages_similarity_idx" ON "inbound_messages" ("similarity_sha256", "received_at") WHERE "similarity_sha256" IS NOT NULL;
