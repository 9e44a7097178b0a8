import type { Database } from '../database.ts'

/** Another value whenever something happened that pages show: read by keys, so that it may be asked each second. */
export async function lastChange(database: Database): Promise<string> {
  const [row] = await database.query<{ change: string }>({
    name: 'browse-last-change',
    text: `SELECT concat_ws(' ', (SELECT max(id) FROM inbound_events), (SELECT max(id) FROM poll_sessions),
             (SELECT max(last_good_poll_at) FROM mailboxes), (SELECT sum(failures) FROM mailboxes),
             (SELECT count(paused_at) FROM mailboxes), (SELECT max(id) FROM outbox),
             (SELECT max(began_at) FROM alerts), (SELECT count(ended_at) FROM alerts)) AS change`,
    values: [],
  })
  return row?.change ?? ''
}
