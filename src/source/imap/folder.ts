import type { MailboxObject } from 'imapflow'
import type { ImapClient } from './client.ts'
import type { Setting } from './setting.ts'

/**
 * Opens the folder of the mailbox: for reading only where nothing is ever removed. Refuses before anything is
 * downloaded where what is downloaded could not be removed safely: without UIDPLUS the only way is EXPUNGE, which
 * removes what others have marked too.
 */
export async function openFolder(client: ImapClient, setting: Setting): Promise<MailboxObject> {
  const { mailbox, failures } = setting
  const readOnly = mailbox.deleteAfterSeconds === null
  const opened = await select(client, setting, readOnly)
  if (!opened.uidValidity) throw failures.failure('source/uidl-unsupported', 'no UIDVALIDITY', { verb: 'SELECT' })
  if (readOnly) return opened
  if (isTheSame(client, opened.path, mailbox.moveTo)) {
    // Each poll would give every message a new UID, and download it again.
    throw failures.failure('config/invalid', 'moveTo names the folder itself', { verb: 'SELECT' })
  }
  const impediment = whyNoRemoval(client, opened, mailbox.moveTo)
  if (impediment === null) return opened
  throw failures.failure('source/removal-unsupported', impediment, { verb: 'SELECT' })
}

async function select(client: ImapClient, setting: Setting, readOnly: boolean): Promise<MailboxObject> {
  const { folder } = setting.mailbox
  const command = { verb: 'SELECT', otherwise: 'source/mailbox-unavailable' } as const
  try {
    return await client.command(command, () => client.flow.mailboxOpen(folder, { readOnly }))
  } catch (error) {
    if (client.failure !== null) throw error
    const folders = await foldersOf(client)
    if (folders.length === 0 || folders.includes(folder)) throw error
    throw missing(folder, folders, setting)
  }
}

async function foldersOf(client: ImapClient): Promise<string[]> {
  const command = { verb: 'LIST', otherwise: 'source/mailbox-unavailable' } as const
  const folders = await client.command(command, () => client.flow.list()).catch(() => [])
  return folders.filter(({ flags }) => !flags.has('\\Noselect') && !flags.has('\\NonExistent')).map(({ path }) => path)
}

const NAMED_FOLDERS = 12

function missing(folder: string, folders: readonly string[], { failures }: Setting) {
  const named = folders.slice(0, NAMED_FOLDERS).map(quoted)
  const others = folders.length > NAMED_FOLDERS ? ` and ${folders.length - NAMED_FOLDERS} more` : ''
  const message = `there is no folder ${quoted(folder)}; there are ${named.join(', ')}${others}`
  return failures.failure('source/folder-missing', message, { verb: 'SELECT' })
}

/** Letters of any script, as an operator has to write them. */
const quoted = (name: string) => `'${name.replace(/\p{C}+/gu, ' ').slice(0, 60)}'`

/** As imapflow would write it: below the namespace where it is not there already; INBOX is INBOX in any case. */
function isTheSame({ flow }: ImapClient, path: string, moveTo: string | null): boolean {
  if (moveTo === null) return false
  const isInbox = [path, moveTo].every((name) => name.toUpperCase() === 'INBOX')
  return isInbox || path === moveTo || path === `${flow.namespace?.prefix ?? ''}${moveTo}`
}

function whyNoRemoval({ flow }: ImapClient, { readOnly }: MailboxObject, moveTo: string | null): string | null {
  if (readOnly) return 'the folder may only be read'
  if (canExpunge(flow.capabilities) || (moveTo !== null && flow.capabilities.has('MOVE'))) return null
  return moveTo === null ? 'the server has no UIDPLUS' : 'the server has neither MOVE nor UIDPLUS'
}

/** UIDPLUS (RFC 4315), which IMAP4rev2 holds (RFC 9051 appendix E). */
function canExpunge(capabilities: ReadonlyMap<string, unknown>): boolean {
  return capabilities.has('UIDPLUS') || (capabilities.has('IMAP4rev2') && !capabilities.has('IMAP4rev1'))
}
