/** Settings on Microsoft's side that decide what a poll sees, and cannot be seen from here. */
import { isConsumerDomain } from '../../config/oauth-client.ts'
import type { MailboxConfig } from '../../config.ts'
import type { Warning } from './report.ts'

export function adviceFor(mailbox: MailboxConfig): Warning[] {
  if (!mailbox.isMicrosoft || mailbox.protocol === 'graph') return []
  return isPersonal(mailbox) ? personal(mailbox) : organisational(mailbox)
}

function isPersonal({ credentials, user }: MailboxConfig): boolean {
  const isConsumers = credentials.kind === 'oauth' && credentials.client.endpoints.token.includes('/consumers/')
  return isConsumers || isConsumerDomain(user.split('@')[1] ?? '')
}

/** Only over POP3 does Outlook.com make something else of a deletion. */
function personal({ protocol, deleteAfterSeconds }: MailboxConfig): Warning[] {
  if (protocol !== 'pop3' || deleteAfterSeconds === null) return []
  return [
    {
      said: 'whether Outlook.com deletes what is deleted over POP cannot be seen from here',
      todo:
        'outlook.com, Settings, Mail, Forwarding and IMAP: let apps delete messages. Else they move to a folder POP,\n' +
        'which fills the mailbox',
    },
  ]
}

function organisational({ protocol, user, acknowledge }: MailboxConfig): Warning[] {
  const prefix = protocol === 'pop3' ? 'Pop' : 'Imap'
  return [
    {
      said: 'whether senders get read receipts for what is merely downloaded, and meetings come as iCalendar, cannot be seen from here',
      todo:
        `Set-CASMailbox -Identity ${user} -${prefix}UseProtocolDefaults $false -${prefix}SuppressReadReceipt $true ` +
        `-${prefix}ForceICalForCalendarRetrievalOption $true\n` +
        `(Exchange Online PowerShell; Get-CASMailbox ${user} | fl ${prefix}* shows what is set)`,
    },
    ...(acknowledge === null ? [] : [smtpAuth(user)]),
  ]
}

/** Off by default in organisations made after January 2020; with it off the login above is refused. */
const smtpAuth = (user: string): Warning => ({
  said: 'acknowledgements need SMTP AUTH for this mailbox, which many organisations switch off',
  todo: `Set-CASMailbox -Identity ${user} -SmtpClientAuthenticationDisabled $false`,
})
