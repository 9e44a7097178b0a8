/** Reports that are neither bounces nor answers: of abuse (RFC 5965) and of what became of a mail (RFC 8098). */
import type { Evidence } from './evidence.ts'
import { hasEmptyReturnPath, isPassedOn } from './origin.ts'

/** As a multipart/report of that type, as a part, or as the whole of the mail. */
export function isReport(mail: Evidence, type: 'feedback-report' | 'disposition-notification'): boolean {
  const like = new RegExp(`^(?:multipart/report\\b.*\\breport-type\\s*=\\s*"?${type}|message/${type}\\b)`, 'i')
  return mail.has(['content-type'], like) || (!isPassedOn(mail) && mail.hasPart(new RegExp(`^message/${type}\\b`, 'i')))
}

const isAnyReport = (mail: Evidence): boolean => mail.has(['content-type'], /^multipart\/report\b/i)

/** Broken ones: the fields of RFC 5965 stand in the text of a multipart/report. */
export const hasFeedbackFields = (mail: Evidence): boolean =>
  (isAnyReport(mail) || mail.content.reportParts.length > 0) &&
  /^feedback-type:[ \t]*\w/im.test((mail.content.text ?? '').slice(0, 20_000))

/** Hotmail, AOL and others, in prose above the mail complained of. */
export const isComplaint = (mail: Evidence): boolean =>
  (mail.content.reportParts.length > 0 || isAnyReport(mail)) &&
  (mail.says(COMPLAINTS) || /^complaint about message from \S/i.test(mail.subject))

const COMPLAINTS: readonly string[] = [
  'this is an email abuse report for an email message',
  'this is an e-mail abuse report',
  'this is a spam report for an email',
  'this is an authentication failure report for',
]

/** MDNs of Exchange and others without the part that RFC 8098 wants. */
export const isReceipt = (mail: Evidence): boolean =>
  (RECEIPT_SUBJECT.test(mail.subject) && mail.has(['content-type'], /^application\/ms-tnef\b/i)) ||
  (RECEIPT_SUBJECT.test(mail.subject) && RECEIPTS.some((each) => each.test(mail.head))) ||
  (hasEmptyReturnPath(mail) &&
    RECEIPT_SUBJECT.test(mail.subject) &&
    /^disposition:/im.test((mail.content.text ?? '').slice(0, 20_000)))

const RECEIPT_SUBJECT =
  /^\s*(?:read|not read|gelesen|ungelesen|nicht gelesen|lu|non lu|leído|no leído|letto|non letto|lida|não lida|gelezen|ongelezen|läst|oläst|lest|ulest|læst|luettu|przeczytane|прочитано|přečteno|olvasott|okundu|已读|開封済み|return receipt|read receipt|disposition notification|lesebestätigung|empfangsbestätigung|accusé de (?:lecture|réception))\s*[:(-]/iu

/** With the time that programs tell; a letter may say of anything that it was read. */
const RECEIPTS: readonly RegExp[] = [
  /\b(?:was|has been) (?:read|displayed|opened) (?:on|at) .{0,40}\d/,
  /\bwas deleted without being read (?:on|at) .{0,40}\d/,
  /\bthis is a (?:return )?receipt for the (?:e-?mail|mail|message) /,
  /\bwurde (?:am )?.{0,40}\d.{0,20} (?:gelesen|geöffnet|angezeigt)|\bwurde gelesen am .{0,40}\d|\bungelesen gelöscht/,
  /\ba été (?:lu|affiché|ouvert|supprimé sans)(?!\p{L}).{0,60}\d/u,
  /(?:se leyó|fue leído|fue eliminado sin).{0,60}\d/,
  /è stat[oa] (?:lett|elimin).{0,60}\d/,
  /foi (?:lid[ao]|exibid[ao]|excluíd[ao] sem).{0,60}\d/,
  /\bis (?:gelezen|verwijderd zonder).{0,60}\d|\bop .{0,30}\d.{0,20} gelezen/,
  /\b(?:lästes|ble lest|blev læst|blev læst) .{0,40}\d/,
]
