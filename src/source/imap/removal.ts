import type { ImapClient } from './client.ts'
import { sequenceSets } from './sequence-set.ts'

/**
 * Takes these messages out of the folder, and no others: UID EXPUNGE (RFC 4315) spares what other clients have
 * marked, and `openFolder` has seen to it that the server has it where it is needed. Without MOVE (RFC 6851) a
 * connection that is lost between COPY and EXPUNGE leaves a second copy behind, never a loss.
 */
export async function remove(client: ImapClient, uids: readonly number[], moveTo: string | null): Promise<void> {
  for (const set of sequenceSets(uids)) {
    if (moveTo === null) await client.command(EXPUNGE, () => client.flow.messageDelete(set, SILENTLY))
    else await moveOrCreate(client, set, moveTo)
  }
}

/** `silent` is missing in imapflow's types. */
const SILENTLY = { uid: true, silent: true }
const EXPUNGE = { verb: 'EXPUNGE', otherwise: 'source/message-refused' } as const
const MOVE = { verb: 'MOVE', otherwise: 'source/message-refused' } as const
const CREATE = { verb: 'CREATE', otherwise: 'source/message-refused' } as const

/** Not every server says by [TRYCREATE] that the folder is missing: the attempt to create it tells. */
async function moveOrCreate(client: ImapClient, set: string, folder: string): Promise<void> {
  const move = () =>
    client.command(MOVE, async () => (await client.flow.messageMove(set, folder, { uid: true })) || false)
  try {
    await move()
  } catch (refusal) {
    if (client.failure !== null || !(await create(client, folder))) throw refusal
    await move()
  }
}

async function create(client: ImapClient, folder: string): Promise<boolean> {
  try {
    return (await client.command(CREATE, () => client.flow.mailboxCreate(folder))).created
  } catch {
    return false
  }
}
