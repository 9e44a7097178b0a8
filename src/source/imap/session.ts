/**
 * The IMAP client (RFC 3501, over imapflow): a folder as a `MailSession`.
 *
 * Guaranteed: one session is one connection; encrypted as configured or not at all; octets exactly as the server
 * holds them, in memory a piece at a time; \Seen is never set; nothing is marked or removed but in `commit`, and there
 * only what this session has listed and was asked to (I2); every failure is a typed error within the limits.
 * Not offered: a plain EXPUNGE, a second try of anything.
 */
import type { Account } from '../../config.ts'
import { asMailchuteError } from '../../errors.ts'
import { sessionsOf } from '../sessions.ts'
import type { Connect, MailSession } from '../source.ts'
import { openFolder } from './folder.ts'
import { IMAP_LIMITS, type ImapLimits } from './limits.ts'
import { openClient } from './open.ts'
import type { Setting } from './setting.ts'
import { transactionOf } from './transaction.ts'

export function imap(mailbox: Account, limits: Partial<ImapLimits> = {}): Connect {
  return sessionsOf(mailbox, { ...IMAP_LIMITS, ...limits }, openSession)
}

async function openSession(setting: Setting): Promise<MailSession> {
  const client = await openClient(setting)
  try {
    return transactionOf(client, await openFolder(client, setting), setting)
  } catch (error) {
    client.fail(asMailchuteError(error))
    throw error
  }
}
