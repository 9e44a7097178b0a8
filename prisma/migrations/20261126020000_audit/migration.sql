-- An id is given out only to a transaction that has its number already. So once every transaction is finished that had
-- one when an id was seen, no lower id can come any more: what is sealed is complete. CASE, for its order of evaluation.
ALTER TABLE "inbound_events" ALTER COLUMN "id" SET DEFAULT nextval(CASE WHEN (pg_current_xact_id() IS NOT NULL) THEN 'inbound_events_id_seq'::regclass ELSE NULL::regclass END);

-- CreateTable
CREATE TABLE "audit_seals" (
    "number" BIGINT NOT NULL,
    "first_event_id" BIGINT,
    "last_event_id" BIGINT NOT NULL,
    "events" INTEGER NOT NULL,
    "events_sha256" TEXT NOT NULL,
    "marks" BYTEA NOT NULL,
    "previous" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT,
    "digest" TEXT NOT NULL,
    "mac" TEXT,

    CONSTRAINT "audit_seals_pkey" PRIMARY KEY ("number")
);

-- CreateIndex
CREATE UNIQUE INDEX "audit_seals_digest_key" ON "audit_seals"("digest");

-- Digests do not compress.
ALTER TABLE "audit_seals" ALTER COLUMN "marks" SET STORAGE EXTERNAL;

-- Append-only. Whoever owns the tables can switch it off, and must do so by name: ALTER TABLE ... DISABLE TRIGGER append_only.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE ON "inbound_events" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "append_only_truncate" BEFORE TRUNCATE ON "inbound_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE ON "audit_seals" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "append_only_truncate" BEFORE TRUNCATE ON "audit_seals" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- Also where session_replication_role is `replica`, which switches off ordinary triggers without naming one.
ALTER TABLE "inbound_events" ENABLE ALWAYS TRIGGER "append_only", ENABLE ALWAYS TRIGGER "append_only_truncate";
ALTER TABLE "audit_seals" ENABLE ALWAYS TRIGGER "append_only", ENABLE ALWAYS TRIGGER "append_only_truncate";
