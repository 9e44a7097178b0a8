import { MailchuteError } from '../errors.ts'
import type { Mailbox } from '../store/mailboxes.ts'
import type { App } from './app.ts'

/** Also one that is not set any more: its messages stay. */
export async function knownMailbox({ store }: App, name: string): Promise<Mailbox> {
  const row = await store.mailboxes.find(name.toLowerCase())
  if (row === null) throw new MailchuteError('config/unknown-mailbox', `no mailbox is named ${name}`)
  return row
}
