-- AlterTable
ALTER TABLE "inbound_messages" ADD COLUMN     "content_purged_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "raw_messages" ADD COLUMN     "erased_at" TIMESTAMPTZ(3),
ADD COLUMN     "purged_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "inbound_messages_sha256_idx" ON "inbound_messages"("sha256");

-- What may become due (store/retention.ts).
CREATE INDEX "raw_messages_kept_idx" ON "raw_messages" ("created_at", "sha256") WHERE "purged_at" IS NULL;
CREATE INDEX "inbound_messages_kept_idx" ON "inbound_messages" ("finished_at", "id")
  WHERE "content_purged_at" IS NULL AND "state" IN ('ticketed', 'suppressed');
