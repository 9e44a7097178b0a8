/** Who or what sent a mail, as far as its header tells: the questions that more than one rule asks. */
import { BOUNCE_SUBJECT } from './bounce/marks.ts'
import type { Evidence } from './evidence.ts'

/** RFC 5321 section 4.5.5; some servers write the name of the daemon in its place. */
export const hasEmptyReturnPath = (mail: Evidence): boolean => mail.has(['return-path'], /^<\s*(mailer-daemon)?\s*>/i)

/** RFC 3834 section 5: everything but `no`. */
export const isAutoSubmitted = (mail: Evidence): boolean => mail.has(['auto-submitted'], /^(?!no\s*($|[;(])).+/i)

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

/** No person sent it: what it says may be taken for a machine's words. */
export const isOfMachine = (mail: Evidence): boolean =>
  isMailServer(mail) ||
  hasEmptyReturnPath(mail) ||
  isAutoSubmitted(mail) ||
  mail.has(['x-failed-recipients']) ||
  mail.has(['received'], /^\(qmail \d+ invoked for bounce\)/i) ||
  mail.has(['content-type'], /^multipart\/report\b/i) ||
  mail.content.from.length === 0

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

const NO_REPLY: readonly RegExp[] = [
  /(?:^|[-_.+\d])(?:no|not|do[-_.]?not|dont|never)[-_.]?(?:reply|respond|answer)(?:$|[-_.+\d])/,
  /^(?:nicht-?antworten|keine-?antwort|ne-?pas-?repondre|nepasrepondre|pas-de-reponse|no-?responder|non-?rispondere|nao-?responda|no-?contestar|geen-?antwoord|inte-?svara|nie-?odpowiadaj|svar-?ej|ikke-?svar)$/,
]

export const isRobot = ({ localPart }: Evidence): boolean => ROBOT.test(localPart)

const ROBOT =
  /^(?:post_?master|mail-?daemon|daemon|bounces?|autoresponder|auto-?reply|autoanswer|nobody|cron|cronjob|crontab|anacron|www-data|apache|nginx|wwwrun|httpd|nagios\d*|icinga\d*|zabbix|munin|monit|prometheus|alertmanager|grafana|logwatch|fail2ban|smartd|unattended-upgrades?|backup|notifications?|notify|alerts?|monitoring|mailer|automailer|robot|jenkins|gitlab|jira|bugzilla(?:-daemon)?)$/
