-- CreateTable
CREATE TABLE "alerts" (
    "code" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" JSONB NOT NULL DEFAULT '{}',
    "began_at" TIMESTAMPTZ(3) NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "told_at" TIMESTAMPTZ(3),
    "over_told_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("code","subject")
);

-- CreateTable
CREATE TABLE "outcome_tallies" (
    "state" "inbound_state" NOT NULL,
    "kind" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "messages" BIGINT NOT NULL,

    CONSTRAINT "outcome_tallies_pkey" PRIMARY KEY ("state","kind","reason")
);

-- CreateTable
CREATE TABLE "tally_position" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "last_event_id" BIGINT NOT NULL,

    CONSTRAINT "tally_position_pkey" PRIMARY KEY ("id")
);

-- What stays on a server for a person is counted often; a mailbox that never deletes keeps a million others there.
CREATE INDEX "remote_messages_held_idx" ON "remote_messages" ("mailbox_id", left("held_reason", 100)) WHERE "held_reason" IS NOT NULL AND "gone_at" IS NULL;
