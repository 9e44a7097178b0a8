import { html, letter, mail, multipart, type SampleMail, SUPPORT, text } from './compose.ts'
import { encodedWords } from './transfer.ts'

/** Mails sent to many: a mailing list, a newsletter; and a letter to two of our own mailboxes. */
export function bulkMails(): readonly SampleMail[] {
  return [mailingList(), newsletter(), twoMailboxes()]
}

function mailingList(): SampleMail {
  const fields = [
    ...letter(
      'Ravi Menon <ravi@menon.example>',
      '[pop3-users] Re: UIDL after a server move',
      '2026-11-04 08:00:00',
      'CA+uidl-17@menon.example',
      'pop3-users@lists.example',
    ),
    ['In-Reply-To', '<uidl-16@lists.example>'],
    ['References', '<uidl-15@lists.example> <uidl-16@lists.example>'],
    ['Sender', 'pop3-users-bounces@lists.example'],
    ['List-Id', 'POP3 users <pop3-users.lists.example>'],
    ['List-Post', '<mailto:pop3-users@lists.example>'],
    ['List-Unsubscribe', '<mailto:pop3-users-leave@lists.example>'],
    ['Precedence', 'list'],
  ] as const
  const body = `> Do unique-ids survive a move of the mailbox?

Not on every server. We compare digests of the header as well.

Ravi
_______________________________________________
pop3-users mailing list
https://lists.example/pop3-users
`
  return mail('mailing-list', 'a mail of a mailing list (RFC 2919, RFC 2369)', fields, text(body, 'us-ascii', '7bit'))
}

function newsletter(): SampleMail {
  const fields = [
    ...letter(
      `${encodedWords('Bürobedarf Süd', 'utf-8')} <news@buero-sued.example>`,
      encodedWords('🎉 Nur bis Freitag: 20 % auf alle Ordner', 'utf-8'),
      '2026-11-04 08:15:00',
      'news-2026-45@buero-sued.example',
    ),
    ['List-Unsubscribe', '<https://buero-sued.example/abmelden?u=88>'],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
    ['Precedence', 'bulk'],
  ] as const
  const rich = `<table width="600"><tr><td bgcolor="#ffcc00"><h1>20&nbsp;% auf alle Ordner</h1></td></tr>
<tr><td><a href="https://buero-sued.example/angebot">Jetzt ansehen</a> · <a href="https://buero-sued.example/abmelden?u=88">Abmelden</a></td></tr></table>
`
  const plain = '20 % auf alle Ordner: https://buero-sued.example/angebot\n'
  const parts = [text(plain, 'utf-8', '7bit'), html(rich, 'utf-8', '8bit')]
  return mail(
    'newsletter',
    'a newsletter that can be left with one click (RFC 8058)',
    fields,
    multipart('alternative', parts),
  )
}

function twoMailboxes(): SampleMail {
  const fields = letter(
    'Olivia Stone <olivia@stone-legal.example>',
    'Contract renewal and open ticket',
    '2026-11-04 08:45:00',
    'renewal-12@stone-legal.example',
    `${SUPPORT}, Sales <sales@mailchute.example>`,
  )
  const body =
    'Dear both,\n\nplease send the renewal, and tell me what became of my ticket of last week.\n\nOlivia Stone\n'
  return mail('two-mailboxes', 'addressed to two mailboxes of ours', fields, text(body, 'utf-8', '7bit'))
}
