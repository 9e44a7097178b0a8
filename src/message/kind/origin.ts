/** Who or what sent a mail, as far as its header tells: the questions that more than one rule asks. */
import { BOUNCE_SUBJECT } from './bounce/marks.ts'
import type { Evidence } from './evidence.ts'
import { PRECEDENCE } from './rule.ts'

/** RFC 5321 section 4.5.5; some servers write the name of the daemon in its place. */
export const hasEmptyReturnPath = (mail: Evidence): boolean => mail.has(['return-path'], /^<\s*(mailer-daemon)?\s*>/i)

/** RFC 3834 section 5: everything but `no`. */
export const isAutoSubmitted = (mail: Evidence): boolean => mail.has(['auto-submitted'], /^(?!no\s*($|[;(])).+/i)

/**
 * Somebody else is to have the answers: a form or a shop sends what a person wrote to it. No program that answers or
 * reports on a mail has that.
 */
export const isOnBehalf = ({ sender, content }: Evidence): boolean =>
  content.replyTo.some(({ address }) => {
    const at = address.lastIndexOf('@')
    return (
      at > 0 && address.toLowerCase() !== sender && !takesNoAnswer(address.slice(0, at).slice(0, 320).toLowerCase())
    )
  })

/** A person, or a rule of a mailbox, passes on what came there. */
export const isPassedOn = (mail: Evidence): boolean =>
  mail.has(['resent-from', 'resent-sender']) || FORWARDED.test(mail.subject)

const FORWARDED =
  /^\s*(?:fwd?|wg|tr|rv|i|enc|vb|vs|vl|doorst|pd|továbbítás|пересл|ilt|i̇lt|转发|轉寄|転送|전달)\s*[:：]/iu

/** As no letter is sent. */
export const isUnattended = (mail: Evidence): boolean =>
  isAutoSubmitted(mail) || hasEmptyReturnPath(mail) || mail.has(PRECEDENCE, /^(?:bulk|junk|auto)/i)

export const isDaemon = ({ localPart }: Evidence): boolean => DAEMON.test(localPart)

const DAEMON =
  /^(?:mailer[-_.]?daemon|mail[-_.]?daemon|mdaemon|mailerdaemon|mail\.delivery\.system|bounce|daemon)(?:[-+_.].*)?$/

/** An address or a name that mail servers report under. */
export function isMailServer(mail: Evidence): boolean {
  const [{ name } = { name: '' }] = mail.content.from
  return isDaemon(mail) || SERVER_LOCAL.test(mail.localPart) || SERVER_NAME.test(name.slice(0, 200))
}

const SERVER_LOCAL =
  /^(?:post_?master|microsoftexchange[0-9a-f]{8,64}|mail(?:marshal|gateway|sweeper|scanner|-?system)|interscan|amavis|double-bounce)$/
const SERVER_NAME =
  /\b(?:mail (?:delivery|system|administrator|server|gateway)|mailer.?daemon|delivery (?:sub)?system|postmaster|system administrator|systemadministrator|mail subsystem)\b/i

/** As servers send bounces. Auto-Submitted is not enough: a ticket system tells of a bounce that it got, too. */
export const isOfServer = (mail: Evidence): boolean =>
  isMailServer(mail) ||
  mail.has(['x-failed-recipients']) ||
  mail.has(['received'], /^\(qmail \d+ invoked for bounce\)/i) ||
  mail.has(['content-type'], /^multipart\/report\b/i) ||
  mail.content.from.length === 0 ||
  (!isOnBehalf(mail) && (hasEmptyReturnPath(mail) || (isAutoSubmitted(mail) && hasBounceSubject(mail))))

/** No person sent it: what it says may be taken for a machine's words. */
export const isOfMachine = (mail: Evidence): boolean => isAutoSubmitted(mail) || isOfServer(mail)

/** It was caused by another mail. */
export const answersSomething = (mail: Evidence): boolean =>
  mail.has(['in-reply-to'], /\S/) ||
  mail.has(['references'], /\S/) ||
  /^\s*(?:re|aw|sv|antw|odp|rif|res|vs)\s*(?:\[\d+\])?\s*:/i.test(mail.subject)

export const hasBounceSubject = ({ subject }: Evidence): boolean => BOUNCE_SUBJECT.test(subject)

/** MS-OXCMAIL: DR, NDR, RN and NRN are about receipts; the others about answers like ours. */
export const suppressesAnswers = (mail: Evidence): boolean =>
  mail.has(['x-auto-response-suppress'], /(?:^|[\s,;])(?:all|autoreply|oof)(?:$|[\s,;])/i)

/** Local parts that take no answer, in the languages met most. */
export const isNoReply = ({ localPart }: Evidence): boolean => NO_REPLY.some((each) => each.test(localPart))

const takesNoAnswer = (localPart: string): boolean =>
  NO_REPLY.some((each) => each.test(localPart)) || ROBOT.test(localPart)

const NO_REPLY: readonly RegExp[] = [
  /(?:^|[-_.+\d])(?:no|not|do[-_.]?not|dont|never)[-_.]?(?:reply|respond|answer)(?:$|[-_.+\d])/,
  /^(?:nicht-?antworten|keine-?antwort|ne-?pas-?repondre|nepasrepondre|pas-de-reponse|no-?responder|non-?rispondere|nao-?responda|no-?contestar|geen-?antwoord|inte-?svara|nie-?odpowiadaj|svar-?ej|ikke-?svar)$/,
]

export const isRobot = ({ localPart }: Evidence): boolean => ROBOT.test(localPart)

const ROBOT =
  /^(?:post_?master|mail-?daemon|daemon|bounces?|autoresponder|auto-?reply|autoanswer|nobody|cron|cronjob|crontab|anacron|www-data|apache|nginx|wwwrun|httpd|nagios\d*|icinga\d*|zabbix|munin|monit|prometheus|alertmanager|grafana|logwatch|fail2ban|smartd|unattended-upgrades?|backup|notifications?|notify|alerts?|monitoring|mailer|automailer|robot|jenkins|gitlab|jira|bugzilla(?:-daemon)?)$/
