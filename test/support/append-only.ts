/** The database refuses to take events and seals back: a test that begins anew, or tampers, must say so. */
export function unguarded(sql: string): string {
  return ['inbound_events', 'audit_seals'].reduce(
    (inner, table) => `ALTER TABLE ${table} DISABLE TRIGGER USER; ${inner}; ${GUARD(table)}`,
    sql,
  )
}

const GUARD = (table: string) =>
  `ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER append_only_truncate`
