/** Every reason that a message has, in words: of its state, its kind, its trust, its place and what was sent for it. */
import { ERROR_CATALOGUE, type ErrorCode } from '../../errors.ts'
import { type Html, html } from '../html.ts'

/** null: there are none. Codes of errors are explained by what to do about them. */
export const reasonWords = (code: string): string | null =>
  REASONS[code] ?? ERROR_CATALOGUE[code as ErrorCode]?.hint ?? null

/** The code with its words; the page of reasons has them all. */
export function reason(code: string | null): Html | false {
  if (code === null) return false
  const words = reasonWords(code)
  return words === null
    ? html`<code>${code}</code>`
    : html`<a class="reason" href="/reasons#${code}" title="${words}"><code>${code}</code></a>`
}

export const REASONS: Readonly<Record<string, string>> = {
  'thread/token': 'It answers an acknowledgement of ours, whose signed Message-ID or address names the ticket',
  'thread/reference': 'It refers to a mail on the ticket (References, In-Reply-To)',
  'thread/number': 'Its subject has the number of the ticket, as acknowledgements write it',
  'thread/awaited': 'A mail on the ticket refers to it: the reply came first',
  'thread/shared': 'It and a mail on the ticket refer to the same one, which never came',
  'thread/none': 'Nothing names a ticket: a new one',
  'thread/sender-not-participant': 'It names a ticket that its sender takes no part in',
  'thread/sender-not-authentic': 'It names a ticket, and its sender is not proved to be who he says',
  'thread/closed-too-long': 'The ticket that it belongs to was closed too long ago: a new one, linked to it',
  'rule/ticket': 'A rule of yours makes it a ticket',
  'rule/suppress': 'A rule of yours makes it no ticket',
  'rule/hold': 'A rule of yours gives it to a person first',
  'operator/suppress': 'An operator decided that it is no ticket',
  'duplicate/other-source': 'The same mail came before, when the mailbox was polled elsewhere',
  'duplicate/doubtful': 'It resembles a mail that came before, when the mailbox was polled elsewhere',
  'loop/similar':
    'Too many similar mails came from one sender within an hour: most likely two machines answer each other',
  'job/attempts-exhausted': 'Working it failed again and again; its events have the error',
  'message/parse-timeout': 'Reading it took too long',
  'message/parse-memory': 'Reading it took too much memory',
  'message/unparseable': 'It could not be read',
  'store/raw-damaged': 'Its stored octets do not match their digest',
  'feedback/report': 'A report of abuse (RFC 5965)',
  'feedback/complaint': 'A report of abuse in prose, above the mail that it is about (Hotmail, AOL)',
  'feedback/opt-out': 'A mail program asks for somebody to be taken off a list (Apple Mail)',
  'disposition/report': 'A receipt (RFC 8098)',
  'disposition/receipt': 'A receipt in prose, by its subject and its sentence (Read:, Gelesen: ...)',
  'disposition/certified': 'A receipt of certified mail (PEC): X-Ricevuta for accepted, taken over, delivered',
  'challenge/header': 'The header field of a challenge-response system, or an address that such a system asks from',
  'challenge/text': 'A machine asks for a confirmation before it delivers; also dressed as a bounce',
  'bounce/report': 'A delivery status notification (RFC 3464): failed, delayed or delivered, delivery tells which',
  'bounce/failed-recipients': 'X-Failed-Recipients (Exim, Gmail)',
  'bounce/certified': 'Certified mail (PEC) was not accepted or not delivered: any other X-Ricevuta',
  'bounce/notification': 'A notification of a mail service as JSON (Amazon SES over SNS)',
  'auto-reply/header': 'X-Autoreply, X-Autorespond, Precedence: auto_reply and the like',
  'auto-reply/subject': 'A subject as programs begin absence notes: Automatic reply:, Abwesenheitsnotiz: ',
  'auto-reply/rules-agent': "Exchange's rules answered a mail (X-MS-Exchange-Generated-Message-Source)",
  'bounce/text': 'A machine says, in the words of a mail server, that a mail was not delivered',
  'bounce/subject': 'A mail server writes under the subject of a bounce',
  'bounce/multipart-report': 'multipart/report for a delivery status, without its fields',
  'bounce/sender': 'From MAILER-DAEMON',
  'auto-reply/absence':
    'Subject or first words of an absence note, sent as machines send (Auto-Submitted, empty envelope sender, Precedence: bulk)',
  'list/header': 'A header field of a mailing list: List-Id, List-Unsubscribe, Mailing-List ',
  'list/precedence': 'Precedence: list',
  'list/sender': 'The sender is a list or its software: owner-..., ...-request, listserv ',
  'auto-reply/auto-submitted': 'Auto-Submitted: auto-replied (RFC 3834)',
  'notification/report': 'A multipart/report of another type: TLS, DMARC ',
  'notification/auto-submitted': 'Auto-Submitted with any other value than no',
  'notification/generated': "A header field of programs: cron, JIRA, FirstClass, Exchange's quarantine and moderation",
  'notification/loop': 'X-Loop and what ticket systems mark their own mail with',
  'list/bulk': 'Precedence: bulk or junk, or a header field of bulk mailers',
  'notification/no-reply': 'From an address that takes no answer: no-reply, donotreply, nicht-antworten ',
  'notification/sender': 'From an address of a program: postmaster, cron, nagios, notifications ',
  'notification/return-path': 'An empty envelope sender (Return-Path: <>), and nothing that tells more',
  'no-answer/spam': 'X-Spam-Flag: YES or X-Spam-Status: Yes',
  'no-answer/suppressed': 'X-Auto-Response-Suppress with All, AutoReply or OOF; Outlook writes it on letters, too',
  'no-answer/absence':
    'A subject as of an absence note, and nothing that shows a machine: it may be a letter about one',
  'no-answer/sender-missing': 'No address in From that a mail could go to',
  'dmarc/pass': 'DMARC passes: a signature over the whole mail or SPF is of the domain in From',
  'dkim/aligned': 'The domain publishes no DMARC policy, and has signed the mail',
  'dmarc/fail': 'DMARC fails, SPF was looked at as well, and the domain asks for quarantine or reject',
  'dmarc/fail-unenforced': 'DMARC fails, and the domain asks nobody to refuse such mail (p=none, or t=y)',
  'dmarc/fail-spf-unseen':
    'No signature of the domain holds, and the client is not known, so that SPF could not be looked at',
  'dmarc/none': 'The domain publishes no DMARC policy, and no signature of it holds',
  'dkim/none': 'The mail is not signed, and the client is not known: nothing is left to ask',
  'dkim/partial-body': 'The signature of the domain covers the beginning of the body only (l=), and more follows',
  'arc/pass': 'DMARC fails, but a forwarder that is known to tell the truth saw it pass before (ARC)',
  'header/repeated':
    'It would be verified, but a field that may stand once stands twice, and a signature covers one of them',
  'provider/dmarc-pass': 'The receiving server says that DMARC passes',
  'provider/dkim-aligned':
    'It says that there is no DMARC policy, and that the domain (or one above it) has signed the mail',
  'provider/dmarc-fail': 'It says that DMARC fails, and it applied a policy of quarantine or reject',
  'provider/compauth-fail': 'Microsoft says so in its own way: compauth=fail reason=000',
  'provider/dmarc-fail-unenforced': 'It says that DMARC fails, without a policy that was applied',
  'provider/dmarc-none': 'It says that there is no DMARC policy, and no signature of the domain',
  'provider/other-author': 'What it says is about another domain than the one in From',
  'from/none': 'There is no From address with a domain name',
  'from/several': 'There is more than one From field or address, or one that can be read in two ways',
  'from/ambiguous': 'The From address that the ticket goes by is not the one that could be looked at',
  'authenticity/not-asked': 'Nobody was asked, as in explain without --dns',
  'authenticity/switched-off':
    "The look-up is off (MAILCHUTE_DNS=off), and the receiving server's word is not there or not believed",
  'authenticity/no-dns': 'The DNS does not answer',
  'authenticity/dns-trouble': 'It answers, but not about what this mail needs: its name servers are slow or broken',
  'authenticity/header-too-large': 'The header has more than 256 KiB or 5,000 lines',
  'authenticity/timeout': 'It took longer than 10 seconds, and a second for each MiB',
  'authenticity/broke': 'The thread that looks at mail ended while it was at this one',
  'acknowledge/due': 'It is written to the outbox, in the transaction that opened the ticket',
  'acknowledge/no-new-ticket': 'The mail went to a ticket that was there',
  'acknowledge/own-mailbox': 'It comes from an address of yours',
  'acknowledge/no-from-address': 'Its From holds no address; what stands in its place is not written to',
  'acknowledge/sender-not-authentic': 'Its From fails DMARC',
  'acknowledge/return-path-differs': 'Its envelope sender is of another domain than its From, for which nobody vouches',
  'acknowledge/undeliverable': 'The last one to this address came back for good (reports)',
  'acknowledge/complained': 'Somebody there complained about one',
  'outbound/refused': 'The mail server refused it for good, most often for an address that does not exist',
  'outbound/rate-limited': 'The sender had got its share of the hour',
  'outbound/stale': 'It waited too long to be of use',
  'outbound/switched-off': 'Acknowledgements are switched off for this mailbox',
}
