import type { Database } from './database.ts'

/** The balance sheet of one poll (I5): listed = known + retrieved + held + left. */
export interface Sheet {
  connections: number
  listed: number
  known: number
  retrieved: number
  held: number
  left: number
  stored: number
  deleted: number
  octets: number
}

export interface Polls {
  begin(mailboxId: string): Promise<bigint>
  finish(pollId: bigint, sheet: Sheet, error: { code: string; message: string } | null): Promise<void>
}

export function polls(database: Database): Polls {
  return {
    begin: async (mailboxId) => {
      const [row] = await database.query<{ id: string }>({
        name: 'poll-begin',
        text: 'INSERT INTO poll_sessions (mailbox_id) VALUES ($1) RETURNING id',
        values: [mailboxId],
      })
      return BigInt(row?.id ?? 0)
    },
    finish: async (pollId, sheet, error) => {
      await database.query({
        name: 'poll-finish',
        text: `UPDATE poll_sessions SET ended_at = now(), connections = $2, listed = $3, known = $4, retrieved = $5,
                 held = $6, "left" = $7, stored = $8, deleted = $9, octets = $10, error_code = $11, error_message = $12
               WHERE id = $1`,
        values: [
          pollId,
          sheet.connections,
          sheet.listed,
          sheet.known,
          sheet.retrieved,
          sheet.held,
          sheet.left,
          sheet.stored,
          sheet.deleted,
          sheet.octets,
          error?.code ?? null,
          error?.message ?? null,
        ],
      })
    },
  }
}
