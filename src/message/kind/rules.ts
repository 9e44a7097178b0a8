/**
 * THE table: what kind of mail this is. The first rule that holds decides, so what says most comes first. docs/kinds.md
 * shows it to operators.
 *
 * A rule that holds also means that no automatic answer is sent. What a sender forges here can keep a mail of his own
 * from becoming a ticket, or from being answered; nothing else.
 */
import type { MailKind } from '../parsed-message.ts'
import { hasAbsencePrefix, hasAbsenceWord, mayBeAbsence, speaksOfAbsence } from './absence.ts'
import { COMPLAINTS, OPENINGS } from './bounce/marks.ts'
import { sesNotification } from './bounce/ses-notification.ts'
import { hasChallengeHeader, isConfirmAddress, speaksOfChallenge } from './challenge.ts'
import type { Evidence } from './evidence.ts'
import {
  answersSomething,
  hasBounceSubject,
  hasEmptyReturnPath,
  isAutoSubmitted,
  isDaemon,
  isMailServer,
  isNoReply,
  isOfServer,
  isRobot,
  suppressesAnswers,
} from './origin.ts'
import { hasFeedbackFields, isComplaint, isReceipt, isReport } from './reports.ts'

export interface Rule {
  /** Stable. */
  readonly code: string
  readonly kind: MailKind
  /** For operators. */
  readonly when: string
  readonly holds: (mail: Evidence) => boolean
}

const isYes = /^\W*(?!no\b|false\b|0\b)\w/i

/** Any field of these names whose value is like this. */
const field =
  (names: readonly string[], value?: RegExp): Rule['holds'] =>
  (mail) =>
    mail.has(names, value)

const any =
  (...rules: readonly Rule['holds'][]): Rule['holds'] =>
  (mail) =>
    rules.some((holds) => holds(mail))

const PRECEDENCE = ['precedence', 'x-precedence']

/** As no letter is sent. */
const isUnattended = (mail: Evidence): boolean =>
  isAutoSubmitted(mail) || hasEmptyReturnPath(mail) || mail.has(PRECEDENCE, /^(?:bulk|junk|auto)/i)

/** Outlook writes X-Auto-Response-Suppress on letters, too, so that it counts beside the mark of an answer only. */
const isAbsenceNote = (mail: Evidence): boolean =>
  isUnattended(mail)
    ? mayBeAbsence(mail) || (answersSomething(mail) && speaksOfAbsence(mail))
    : suppressesAnswers(mail) && mail.has(['in-reply-to'], /\S/) && mayBeAbsence(mail)

/** Only then is the text looked at. */
const isStatusReport = (mail: Evidence): boolean =>
  (mail.has(['content-type'], /^(?:multipart\/report\b|message\/delivery-status\b)/i) || isOfServer(mail)) &&
  mail.statusGroups.length > 0

export const RULES: readonly Rule[] = [
  {
    code: 'feedback/report',
    kind: 'feedback',
    when: 'a report of abuse (RFC 5965)',
    holds: (mail) => isReport(mail, 'feedback-report') || hasFeedbackFields(mail),
  },
  {
    code: 'feedback/complaint',
    kind: 'feedback',
    when: 'a report of abuse in prose, above the mail that it is about (Hotmail, AOL)',
    holds: (mail) => isComplaint(mail) || sesOf(mail) === 'complaint',
  },
  {
    code: 'feedback/opt-out',
    kind: 'feedback',
    when: 'a mail program asks for somebody to be taken off a list (Apple Mail)',
    holds: (mail) => isAutoSubmitted(mail) && mail.says(['sent this email to unsubscribe from']),
  },
  {
    code: 'disposition/report',
    kind: 'disposition',
    when: 'a receipt (RFC 8098)',
    holds: (mail) => isReport(mail, 'disposition-notification'),
  },
  {
    code: 'disposition/receipt',
    kind: 'disposition',
    when: 'a receipt in prose, by its subject and its sentence (`Read:`, `Gelesen:` ...)',
    holds: isReceipt,
  },
  {
    code: 'disposition/certified',
    kind: 'disposition',
    when: 'a receipt of certified mail (PEC): `X-Ricevuta` for accepted, taken over, delivered',
    holds: field(['x-ricevuta'], /^(?:accettazione|presa-in-carico|avvenuta-consegna)\b/i),
  },
  {
    code: 'challenge/header',
    kind: 'challenge',
    when: 'the header field of a challenge-response system, or an address that such a system asks from',
    holds: any(hasChallengeHeader, isConfirmAddress),
  },
  {
    code: 'challenge/text',
    kind: 'challenge',
    when: 'a machine asks for a confirmation before it delivers; also dressed as a bounce',
    holds: speaksOfChallenge,
  },
  {
    code: 'bounce/report',
    kind: 'delivery-status',
    when: 'a delivery status notification (RFC 3464): failed, delayed or delivered, `delivery` tells which',
    holds: isStatusReport,
  },
  {
    code: 'bounce/failed-recipients',
    kind: 'delivery-status',
    when: '`X-Failed-Recipients` (Exim, Gmail)',
    holds: field(['x-failed-recipients'], /@/),
  },
  {
    code: 'bounce/certified',
    kind: 'delivery-status',
    when: 'certified mail (PEC) was not accepted or not delivered: any other `X-Ricevuta`',
    holds: field(['x-ricevuta'], /\w/),
  },
  {
    code: 'bounce/notification',
    kind: 'delivery-status',
    when: 'a notification of a mail service as JSON (Amazon SES over SNS)',
    holds: (mail) => sesOf(mail) === 'bounce',
  },
  {
    code: 'auto-reply/header',
    kind: 'auto-reply',
    when: '`X-Autoreply`, `X-Autorespond`, `Precedence: auto_reply` and the like',
    holds: any(
      field(
        [
          'x-autoreply',
          'x-mail-autoreply',
          'x-auto-reply',
          'x-autorespond',
          'x-auto-respond',
          'x-autoresponder',
          'x-auto-responder',
          'x-autoresponse',
          'x-vacation',
        ],
        isYes,
      ),
      field(['x-autoreply-from', 'x-auto-reply-from']),
      field(['x-autogenerated'], /^reply\b/i),
      field(['x-post-messageclass'], /autoresponder/i),
      field(['delivered-to'], /^autoresponder$/i),
      field(['x-mailer', 'user-agent'], /\b(?:vacation|autorespond)/i),
      field(PRECEDENCE, /^auto[-_]?reply\b/i),
    ),
  },
  {
    code: 'auto-reply/subject',
    kind: 'auto-reply',
    when: 'a subject as programs begin absence notes: `Automatic reply:`, `Abwesenheitsnotiz:` ...',
    // RFC 3834 section 3.1.5: a person may begin with `Auto:` as well, but not in answer to something.
    holds: (mail) => hasAbsencePrefix(mail) || (/^auto\s*:/i.test(mail.subject) && mail.has(['in-reply-to'], /\S/)),
  },
  {
    code: 'auto-reply/rules-agent',
    kind: 'auto-reply',
    when: "Exchange's rules answered a mail (`X-MS-Exchange-Generated-Message-Source`)",
    holds: (mail) => mail.has(['x-ms-exchange-generated-message-source'], /rules agent/i) && answersSomething(mail),
  },
  {
    code: 'bounce/text',
    kind: 'delivery-status',
    when: 'a machine says, in the words of a mail server, that a mail was not delivered',
    holds: (mail) =>
      isOfServer(mail) && !isHandedOn(mail) && (mail.says(OPENINGS) || (complains(mail) && mail.says(COMPLAINTS))),
  },
  {
    code: 'bounce/subject',
    kind: 'delivery-status',
    when: 'a mail server writes under the subject of a bounce',
    holds: (mail) => hasBounceSubject(mail) && complains(mail) && !isHandedOn(mail),
  },
  {
    code: 'bounce/multipart-report',
    kind: 'delivery-status',
    when: '`multipart/report` for a delivery status, without its fields',
    holds: field(['content-type'], /^multipart\/report\b(?!.*\breport-type\s*=\s*"?(?!delivery-status))/i),
  },
  {
    code: 'bounce/sender',
    kind: 'delivery-status',
    when: 'from `MAILER-DAEMON`',
    holds: (mail) => isDaemon(mail) && /^mail/.test(mail.localPart) && !isAbsenceNote(mail),
  },
  {
    code: 'auto-reply/absence',
    kind: 'auto-reply',
    when: 'subject or first words of an absence note, sent as machines send (`Auto-Submitted`, empty envelope sender, `Precedence: bulk`)',
    holds: isAbsenceNote,
  },

  // Lists come before Auto-Submitted and Precedence, which they set too. RFC 2369, RFC 2919, RFC 8058.
  {
    code: 'list/header',
    kind: 'list',
    when: 'a header field of a mailing list: `List-Id`, `List-Unsubscribe`, `Mailing-List` ...',
    holds: field([
      ...['list-id', 'list-post', 'list-unsubscribe', 'list-subscribe', 'list-owner', 'list-help', 'list-archive'],
      ...['list-unsubscribe-post', 'mailing-list', 'x-mailing-list', 'x-beenthere', 'x-mailman-version', 'x-list'],
      ...['x-listserv', 'x-ml-name'],
    ]),
  },
  { code: 'list/precedence', kind: 'list', when: '`Precedence: list`', holds: field(PRECEDENCE, /^list\b/i) },
  {
    code: 'list/sender',
    kind: 'list',
    when: 'the sender is a list or its software: `owner-...`, `...-request`, `listserv` ...',
    holds: ({ localPart }) => LIST_SENDER.test(localPart),
  },

  {
    code: 'auto-reply/auto-submitted',
    kind: 'auto-reply',
    when: '`Auto-Submitted: auto-replied` (RFC 3834)',
    holds: field(['auto-submitted'], /^(?:\([^)]*\)\s*)?auto-?replied\b/i),
  },
  {
    code: 'notification/report',
    kind: 'notification',
    when: 'a `multipart/report` of another type: TLS, DMARC ...',
    holds: field(['content-type'], /^multipart\/report\b/i),
  },
  {
    code: 'notification/auto-submitted',
    kind: 'notification',
    when: '`Auto-Submitted` with any other value than `no`',
    holds: isAutoSubmitted,
  },
  {
    code: 'notification/generated',
    kind: 'notification',
    when: "a header field of programs: cron, JIRA, FirstClass, Exchange's quarantine and moderation",
    holds: any(
      field(['x-fc-machinegenerated', 'x-auto-generated', 'x-autogenerated'], isYes),
      field([
        'x-cron-env',
        'x-jira-fingerprint',
        'x-github-reason',
        'x-gitlab-notificationreason',
        'x-zabbix',
        'x-nagios',
      ]),
      field(['x-ms-exchange-generated-message-source']),
    ),
  },
  {
    code: 'notification/loop',
    kind: 'notification',
    when: '`X-Loop` and what ticket systems mark their own mail with',
    holds: field(['x-loop', 'x-otrs-loop', 'x-otobo-loop', 'x-znuny-loop', 'x-rt-loop-prevention', 'x-no-loop']),
  },
  {
    code: 'list/bulk',
    kind: 'list',
    when: '`Precedence: bulk` or `junk`, or a header field of bulk mailers',
    holds: any(
      field(PRECEDENCE, /^(?:bulk|junk)\b/i),
      // Fastmail, Proton and others set Feedback-ID on letters, too: only what its parts say counts.
      field(['feedback-id'], /(?:^|[:_.-])(?:campaign|newsletter|marketing|bulk)/i),
      field([
        'x-campaign',
        'x-campaignid',
        'x-campaign-id',
        'x-mailingid',
        'x-mailing-id',
        'x-mc-user',
        'x-csa-complaints',
        'x-newsletter',
      ]),
      field(['x-mailer'], /\b(?:mailchimp|phplist|sendinblue|cleverreach|inxmail)\b/i),
    ),
  },
  {
    code: 'notification/no-reply',
    kind: 'notification',
    when: 'from an address that takes no answer: `no-reply`, `donotreply`, `nicht-antworten` ...',
    holds: isNoReply,
  },
  {
    code: 'notification/sender',
    kind: 'notification',
    when: 'from an address of a program: `postmaster`, `cron`, `nagios`, `notifications` ...',
    holds: isRobot,
  },
  {
    code: 'notification/return-path',
    kind: 'notification',
    when: 'an empty envelope sender (`Return-Path: <>`), and nothing that tells more',
    holds: hasEmptyReturnPath,
  },

  // An answer to spam goes to somebody who did not write it.
  {
    code: 'no-answer/spam',
    kind: 'personal',
    when: '`X-Spam-Flag: YES` or `X-Spam-Status: Yes`',
    holds: field(['x-spam-flag', 'x-spam-status'], /^yes\b/i),
  },
  {
    code: 'no-answer/suppressed',
    kind: 'personal',
    when: '`X-Auto-Response-Suppress` with `All`, `AutoReply` or `OOF`; Outlook writes it on letters, too',
    holds: suppressesAnswers,
  },
  {
    code: 'no-answer/absence',
    kind: 'personal',
    when: 'a subject as of an absence note, and nothing that shows a machine: it may be a letter about one',
    holds: hasAbsenceWord,
  },
  {
    code: 'no-answer/sender-missing',
    kind: 'personal',
    when: 'no address in From that a mail could go to',
    holds: ({ sender, content }) => sender === null || content.defects.includes('from-substituted'),
  },
]

const sesOf = ({ content, localPart, domain }: Evidence): string | null =>
  localPart === 'no-reply' && domain === 'sns.amazonaws.com'
    ? (sesNotification(content.text ?? '')?.type ?? null)
    : null

const LIST_SENDER =
  /^owner-|-owner$|-request$|-bounces?(?:\+.*)?$|^(?:listserv|majordomo|mailman|sympa|ezmlm|listproc)$/

/**
 * A shop says of a parcel, too, that it could not be delivered, and a postmaster is a person at times: a subject, or how
 * it was sent, must say so as well.
 */
const complains = (mail: Evidence): boolean =>
  isDaemon(mail) ||
  (hasBounceSubject(mail) ? isMailServer(mail) || hasEmptyReturnPath(mail) : isMailServer(mail) && isUnattended(mail))

/** Somebody answers a bounce, or passes it on: no server begins a subject so. */
const isHandedOn = ({ subject }: Evidence): boolean => /^\s*(?:re|aw|fwd?|wg|tr|rv|sv|vs|antw|odp)\s*:/i.test(subject)
