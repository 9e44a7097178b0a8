-- AlterTable
ALTER TABLE "outbox" ADD COLUMN     "replayed_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "webhooks" (
    "name" TEXT NOT NULL,
    "last_event_id" BIGINT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "disabled_sha256" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("name")
);

-- What is due for a webhook (store/webhooks.ts): acknowledgements pay nothing for it.
CREATE INDEX "outbox_webhooks_due_idx" ON "outbox" ("target", "next_attempt_at") WHERE "state" = 'waiting' AND "target" LIKE 'webhook:%';
