/** What a bounce is told by, from the fields of RFC 3464 down to who sent it. */
import { isAbsenceNote } from '../absence.ts'
import type { Evidence } from '../evidence.ts'
import { hasBounceSubject, hasEmptyReturnPath, isDaemon, isMailServer, isOfServer, isUnattended } from '../origin.ts'
import { COMPLAINTS, OPENINGS } from './marks.ts'

/** The text is looked at only where it may be one. */
export const isStatusReport = (mail: Evidence): boolean =>
  (mail.has(['content-type'], /^(?:multipart\/report\b|message\/delivery-status\b)/i) || isOfServer(mail)) &&
  mail.statusGroups.length > 0

export const saysUndelivered = (mail: Evidence): boolean =>
  isOfServer(mail) && !isHandedOn(mail) && (mail.says(OPENINGS) || (complains(mail) && mail.says(COMPLAINTS)))

export const hasServerSubject = (mail: Evidence): boolean =>
  hasBounceSubject(mail) && complains(mail) && !isHandedOn(mail)

/** Nothing else is known of it, and it is no absence note of a MAILER-DAEMON's. */
export const isOfDaemonAlone = (mail: Evidence): boolean =>
  isDaemon(mail) && /^mail/.test(mail.localPart) && !isAbsenceNote(mail)

/**
 * A shop says of a parcel, too, that it could not be delivered, a postmaster is a person at times, and some forms write
 * no envelope sender: what was sent, and how, must both say so.
 */
const complains = (mail: Evidence): boolean => isDaemon(mail) || (isSentAsNotice(mail) && isOnDelivery(mail))

const isSentAsNotice = (mail: Evidence): boolean =>
  isMailServer(mail) ? isUnattended(mail) || hasBounceSubject(mail) : hasEmptyReturnPath(mail) && hasBounceSubject(mail)

const isOnDelivery = (mail: Evidence): boolean =>
  (isMailServer(mail) && isUnattended(mail)) ||
  mail.content.reportParts.length > 0 ||
  ON_MAIL.test(mail.head) ||
  /\S@\S/.test(mail.subject)

/** A reply code of SMTP, or what it is about. Of the start of the text. */
const ON_MAIL =
  /\b[245]\.\d{1,3}\.\d{1,3}\b|\b[45][0-5]\d[ -]|\b(?:smtp|mail ?box|user unknown|unknown user|no such user|recipients?|message-id|mail server|e-?mail addresse?s?|quota)\b|empfänger|destinat[aá]|posteingang|postfach|получател|宛先/

/** Somebody answers a bounce, or passes it on: no server begins a subject so. */
const isHandedOn = ({ subject }: Evidence): boolean => /^\s*(?:re|aw|fwd?|wg|tr|rv|sv|vs|antw|odp)\s*:/i.test(subject)
