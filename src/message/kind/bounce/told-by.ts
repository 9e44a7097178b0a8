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
 * A shop says of a parcel, too, that it could not be delivered, and a postmaster is a person at times: a subject, or how
 * it was sent, must say so as well.
 */
const complains = (mail: Evidence): boolean =>
  isDaemon(mail) ||
  (hasBounceSubject(mail) ? isMailServer(mail) || hasEmptyReturnPath(mail) : isMailServer(mail) && isUnattended(mail))

/** Somebody answers a bounce, or passes it on: no server begins a subject so. */
const isHandedOn = ({ subject }: Evidence): boolean => /^\s*(?:re|aw|fwd?|wg|tr|rv|sv|vs|antw|odp)\s*:/i.test(subject)
