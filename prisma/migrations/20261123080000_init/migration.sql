-- CreateEnum
CREATE TYPE "mailbox_state" AS ENUM ('active', 'paused');

-- CreateEnum
CREATE TYPE "inbound_state" AS ENUM ('received', 'ticketed', 'suppressed', 'quarantined');

-- CreateEnum
CREATE TYPE "ticket_status" AS ENUM ('open', 'pending', 'closed', 'merged');

-- CreateEnum
CREATE TYPE "entry_kind" AS ENUM ('email');

-- CreateEnum
CREATE TYPE "outbox_state" AS ENUM ('waiting', 'sent', 'failed');

-- CreateTable
CREATE TABLE "mailboxes" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "state" "mailbox_state" NOT NULL DEFAULT 'active',
    "paused_reason" TEXT,
    "paused_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "next_poll_at" TIMESTAMPTZ(3),
    "last_good_poll_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mailboxes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "poll_sessions" (
    "id" BIGSERIAL NOT NULL,
    "mailbox_id" UUID NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "connections" INTEGER NOT NULL DEFAULT 0,
    "listed" INTEGER NOT NULL DEFAULT 0,
    "known" INTEGER NOT NULL DEFAULT 0,
    "retrieved" INTEGER NOT NULL DEFAULT 0,
    "held" INTEGER NOT NULL DEFAULT 0,
    "left" INTEGER NOT NULL DEFAULT 0,
    "stored" INTEGER NOT NULL DEFAULT 0,
    "deleted" INTEGER NOT NULL DEFAULT 0,
    "octets" BIGINT NOT NULL DEFAULT 0,
    "error_code" TEXT,
    "error_message" TEXT,

    CONSTRAINT "poll_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "remote_messages" (
    "id" BIGSERIAL NOT NULL,
    "mailbox_id" UUID NOT NULL,
    "unique_id" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "stored_at" TIMESTAMPTZ(3),
    "sha256" TEXT,
    "header_sha256" TEXT,
    "delete_asked_at" TIMESTAMPTZ(3),
    "gone_at" TIMESTAMPTZ(3),
    "held_reason" TEXT,
    "held_above_bytes" INTEGER,
    "refusals" INTEGER NOT NULL DEFAULT 0,
    "last_refused_at" TIMESTAMPTZ(3),

    CONSTRAINT "remote_messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "raw_messages" (
    "sha256" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "raw_messages_pkey" PRIMARY KEY ("sha256")
);

-- CreateTable
CREATE TABLE "raw_chunks" (
    "sha256" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "octets" BYTEA NOT NULL,

    CONSTRAINT "raw_chunks_pkey" PRIMARY KEY ("sha256","seq")
);

-- CreateTable
CREATE TABLE "inbound_messages" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "mailbox_id" UUID NOT NULL,
    "sha256" TEXT NOT NULL,
    "unique_id" TEXT NOT NULL,
    "message_id" TEXT,
    "state" "inbound_state" NOT NULL DEFAULT 'received',
    "reason" TEXT,
    "received_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "thread_id" UUID,
    "stalls" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "inbound_messages_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "inbound_events" (
    "id" BIGSERIAL NOT NULL,
    "inbound_message_id" UUID,
    "mailbox_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "code" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "inbound_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "threads" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "mailbox_id" UUID NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "threads_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "message_references" (
    "inbound_message_id" UUID NOT NULL,
    "mailbox_id" UUID NOT NULL,
    "msg_id_sha256" TEXT NOT NULL,
    "position" INTEGER NOT NULL,

    CONSTRAINT "message_references_pkey" PRIMARY KEY ("inbound_message_id","position")
);

-- CreateTable
CREATE TABLE "tickets" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "number" SERIAL NOT NULL,
    "mailbox_id" UUID NOT NULL,
    "subject" TEXT NOT NULL,
    "status" "ticket_status" NOT NULL DEFAULT 'open',
    "requester_id" UUID NOT NULL,
    "linked_ticket_id" UUID,
    "merged_into_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tickets_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ticket_participants" (
    "ticket_id" UUID NOT NULL,
    "address_sha256" TEXT NOT NULL,
    "address" TEXT NOT NULL,

    CONSTRAINT "ticket_participants_pkey" PRIMARY KEY ("ticket_id","address_sha256")
);

-- CreateTable
CREATE TABLE "ticket_entries" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "ticket_id" UUID NOT NULL,
    "inbound_message_id" UUID NOT NULL,
    "kind" "entry_kind" NOT NULL DEFAULT 'email',
    "message_id" TEXT,
    "from_name" TEXT NOT NULL,
    "from_address" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "text" TEXT,
    "html" TEXT,
    "reply" TEXT,
    "sent_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "ticket_entries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachments" (
    "entry_id" UUID NOT NULL,
    "position" INTEGER NOT NULL,
    "filename" TEXT,
    "content_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "disposition" TEXT,
    "content_id" TEXT,

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("entry_id","position")
);

-- CreateTable
CREATE TABLE "contacts" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "address" TEXT NOT NULL,
    "address_sha256" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "contacts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "event_id" BIGINT NOT NULL,
    "target" TEXT NOT NULL,
    "state" "outbox_state" NOT NULL DEFAULT 'waiting',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "mailboxes_name_key" ON "mailboxes"("name");

-- CreateIndex
CREATE INDEX "poll_sessions_mailbox_id_started_at_idx" ON "poll_sessions"("mailbox_id", "started_at");

-- CreateIndex
CREATE INDEX "remote_messages_mailbox_id_gone_at_idx" ON "remote_messages"("mailbox_id", "gone_at");

-- CreateIndex
CREATE UNIQUE INDEX "remote_messages_mailbox_id_unique_id_key" ON "remote_messages"("mailbox_id", "unique_id");

-- CreateIndex
CREATE INDEX "inbound_messages_state_received_at_idx" ON "inbound_messages"("state", "received_at");

-- CreateIndex
CREATE INDEX "inbound_messages_thread_id_idx" ON "inbound_messages"("thread_id");

-- CreateIndex
CREATE UNIQUE INDEX "inbound_messages_mailbox_id_sha256_key" ON "inbound_messages"("mailbox_id", "sha256");

-- CreateIndex
CREATE INDEX "inbound_events_inbound_message_id_idx" ON "inbound_events"("inbound_message_id");

-- CreateIndex
CREATE INDEX "message_references_mailbox_id_msg_id_sha256_idx" ON "message_references"("mailbox_id", "msg_id_sha256");

-- CreateIndex
CREATE UNIQUE INDEX "tickets_number_key" ON "tickets"("number");

-- CreateIndex
CREATE INDEX "tickets_created_at_idx" ON "tickets"("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "ticket_entries_inbound_message_id_key" ON "ticket_entries"("inbound_message_id");

-- CreateIndex
CREATE INDEX "ticket_entries_ticket_id_idx" ON "ticket_entries"("ticket_id");

-- CreateIndex
CREATE UNIQUE INDEX "contacts_address_sha256_key" ON "contacts"("address_sha256");

-- CreateIndex
CREATE UNIQUE INDEX "outbox_event_id_target_key" ON "outbox"("event_id", "target");

-- AddForeignKey
ALTER TABLE "poll_sessions" ADD CONSTRAINT "poll_sessions_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "remote_messages" ADD CONSTRAINT "remote_messages_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "raw_chunks" ADD CONSTRAINT "raw_chunks_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "raw_messages"("sha256") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbound_messages" ADD CONSTRAINT "inbound_messages_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbound_messages" ADD CONSTRAINT "inbound_messages_sha256_fkey" FOREIGN KEY ("sha256") REFERENCES "raw_messages"("sha256") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbound_messages" ADD CONSTRAINT "inbound_messages_thread_id_fkey" FOREIGN KEY ("thread_id") REFERENCES "threads"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbound_events" ADD CONSTRAINT "inbound_events_inbound_message_id_fkey" FOREIGN KEY ("inbound_message_id") REFERENCES "inbound_messages"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "inbound_events" ADD CONSTRAINT "inbound_events_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "threads" ADD CONSTRAINT "threads_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "message_references" ADD CONSTRAINT "message_references_inbound_message_id_fkey" FOREIGN KEY ("inbound_message_id") REFERENCES "inbound_messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_mailbox_id_fkey" FOREIGN KEY ("mailbox_id") REFERENCES "mailboxes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_requester_id_fkey" FOREIGN KEY ("requester_id") REFERENCES "contacts"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_linked_ticket_id_fkey" FOREIGN KEY ("linked_ticket_id") REFERENCES "tickets"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_merged_into_id_fkey" FOREIGN KEY ("merged_into_id") REFERENCES "tickets"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_participants" ADD CONSTRAINT "ticket_participants_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "tickets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_entries" ADD CONSTRAINT "ticket_entries_ticket_id_fkey" FOREIGN KEY ("ticket_id") REFERENCES "tickets"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ticket_entries" ADD CONSTRAINT "ticket_entries_inbound_message_id_fkey" FOREIGN KEY ("inbound_message_id") REFERENCES "inbound_messages"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_entry_id_fkey" FOREIGN KEY ("entry_id") REFERENCES "ticket_entries"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Mail is mostly base64 and compressed attachments: compressing it again costs half the server's CPU and saves little.
ALTER TABLE "raw_chunks" ALTER COLUMN "octets" SET STORAGE EXTERNAL;
