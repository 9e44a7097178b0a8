/**
 * The sample mails of the demo and the tests: what support mailboxes really get, in a dozen languages, all charsets
 * and forms we know of, and what is broken about them. The octets are the same on every call and every machine.
 */
import { asianMails } from './asian.ts'
import { attachmentMails } from './attachments.ts'
import { automaticMails } from './automatic.ts'
import { brokenMails } from './broken.ts'
import { bulkMails } from './bulk.ts'
import type { SampleMail } from './compose.ts'
import { conversationMails } from './conversation.ts'
import { easternMails } from './eastern.ts'
import { extremeMails } from './extreme.ts'
import { htmlMails } from './html.ts'
import { westernMails } from './western.ts'

export function sampleMails(): readonly SampleMail[] {
  return [
    ...westernMails(),
    ...easternMails(),
    ...asianMails(),
    ...htmlMails(),
    ...attachmentMails(),
    ...conversationMails(),
    ...automaticMails(),
    ...bulkMails(),
    ...brokenMails(),
    ...extremeMails(),
  ]
}
