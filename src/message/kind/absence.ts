/**
 * What vacation notes and automatic confirmations are told by.
 *
 * An auto-reply gets no ticket, so its marks must be an answer's: the prefix that a vendor's program writes, which no
 * person writes at the start of a letter. What persons write too counts only beside another mark.
 */
import type { Evidence } from './evidence.ts'
import { answersSomething, hasEmptyReturnPath, isOnBehalf, isUnattended, suppressesAnswers } from './origin.ts'
import { PRECEDENCE } from './rule.ts'

/** What Exchange, Gmail, Zimbra and others put before the subject, in the languages met most. */
const PREFIXES: readonly string[] = [
  'automatic (?:reply|response)|auto(?:matic)?[- ]?(?:reply|response|respond)|automated (?:reply|response)|out[- ]of[- ](?:the[- ])?office auto-?reply|vacation reply',
  'automatische (?:antwort|rückantwort|mitteilung|beantwortung)|automatisch antwoord|abwesenheitsnotiz|afwezigheidsbericht|réponse automatique|respuesta automática|resposta automàtica',
  'risposta automatica|resposta automática|răspuns automat|automatisk (?:svar|besvarelse)|automatiskt svar|autosvar|automaattinen (?:vastaus|viesti)|sjálfvirkt svar|automaatvastus|automātiska atbilde|automatinis atsakymas',
  'automatická odpov[eě][dď]|automatick[áé] odpově[dď]|odpowiedź automatyczna|automatyczna odpowiedź|autoodpowiedź|automatikus válasz|samodejni odgovor|avtomatski odgovor|automatski odgovor|automatický? odpoveď',
  'автоматический ответ|автоответ|відповідь автоматична|автоматична відповідь|автоматичен отговор|otomatik (?:yanıt|cevap)|αυτόματη απάντηση|הודעה אוטומטית|תשובה אוטומטית|رد تلقائي',
  '自動応答|自動返信|自动答复|自动回复|自動回覆|自動回復|자동 회신|자동회신|자동 응답|trả lời tự động|tự động trả lời|balas otomatis|balasan otomatis|jawab automatik|การตอบกลับอัตโนมัติ',
]

/** What persons begin a subject with, too. */
const WORDS: readonly string[] = [
  'auto(?:matic)?[- ]?(?:responder|answer)|vacation response|abwesenheitsassistent|afwezigheidsassistent|автоответчик',
  'out[- ]of[- ](?:the[- ])?office(?: (?:reply|response|message|notification|notice|assistant))?|oo[fo]|away from (?:the )?office|vacation (?:message|notice|notification)|absence (?:notice|notification)',
  'abwesenheits(?:meldung|nachricht|info|benachrichtigung)|abwesend|außer haus|nicht im büro|urlaubs(?:benachrichtigung|meldung|notiz|vertretung)|afwezigheidsmelding|niet aanwezig|afwezig',
  "réponse d'absence|message d'absence|absence du bureau|absente? du bureau|notification d'absence|fuera de (?:la )?oficina|ausente de la oficina|fuori (?:sede|ufficio)|assente|ausente do escritório|ausência(?: temporária)?|fora do escritório",
  'frånvaro(?:meddelande)?|fravær(?:smelding|sbesked|sassistent)?|ikke til stede|ude af kontoret|poissaolo(?:ilmoitus|viesti)?|nieobecność|poza biurem|mimo kancelář|házon kívül|нет на месте|ofis dışında|不在通知|不在|부재중',
]

const BY_PROGRAMS = PREFIXES.join('|')
const BY_ANYBODY = WORDS.join('|')

/** With the mark that a program puts behind or around it. */
const CERTAIN: readonly RegExp[] = [
  new RegExp(`^\\s*(?:${BY_PROGRAMS})\\s*[:：]`, 'iu'),
  new RegExp(`^\\s*\\[(?:${BY_PROGRAMS})\\]`, 'iu'),
  new RegExp(`^\\s*(?:re|aw|sv|antw|odp)\\s*:.{0,500}\\((?:${BY_PROGRAMS})\\)\\s*$`, 'iu'),
  /^\s*auto:.{0,300}\b(?:out of (?:the )?office|is away|on leave|on vacation|nicht (?:im|anwesend)|abwesend)/iu,
]

/** Nothing behind it: it may be what somebody asks about. */
const ALONE = new RegExp(`^\\s*(?:${BY_PROGRAMS})\\s*$`, 'iu')

/** RFC 3834 section 3.1.5: a person may begin with `Auto:` as well. */
const RECOMMENDED = /^\s*auto\s*:/i

export const hasAbsencePrefix = (mail: Evidence): boolean =>
  CERTAIN.some((each) => each.test(mail.subject)) ||
  ((ALONE.test(mail.subject) || RECOMMENDED.test(mail.subject)) && mail.has(['in-reply-to'], /\S/) && isMarked(mail))

const isMarked = (mail: Evidence): boolean => isUnattended(mail) || suppressesAnswers(mail) || speaksOfAbsence(mail)

const WORD = new RegExp(`^\\s*\\[?(?:${BY_PROGRAMS}|${BY_ANYBODY})\\]?\\s*(?:[:：]|$)`, 'iu')

export const hasAbsenceWord = (mail: Evidence): boolean =>
  WORD.test(mail.subject) || (RECOMMENDED.test(mail.subject) && mail.has(['in-reply-to'], /\S/))

/** Counts beside another mark only. */
const POSSIBLE = new RegExp(
  `^\\s*\\[?(?:(?:${BY_PROGRAMS}|${BY_ANYBODY})(?![\\p{L}\\p{N}])|auto\\s*:|(?:i(?:'m| am)|we are|[\\p{L}., ]{1,60} is) (?:currently |now )?(?:out of|away from|on (?:vacation|holiday|leave|maternity|parental))|on (?:vacation|holiday|annual leave|leave)\\b|vacation\\b|(?:im )?urlaub\\b|en vacances|en congés?\\b|de vacaciones|in ferie|de férias|op vakantie|semester\\b|lomalla|в отпуске)`,
  'iu',
)

const mayBeAbsence = ({ subject }: Evidence): boolean => POSSIBLE.test(subject)

/** What programs that answer say of themselves, near the start of the text. Lower case, single spaces. */
const OF_PROGRAMS: readonly string[] = [
  'this is an automatic reply',
  'this is an automated reply',
  'this is an auto-reply',
  'this is an autoreply',
  'this is an automatic response',
  'this is an automated response',
  'i am out of the office',
  'i will be out of the office',
  "i'm out of the office",
  'i am currently out of',
  'ich bin nicht im büro',
  'dies ist eine automatische antwort',
  'ceci est une réponse automatique',
  'estoy fuera de la oficina',
  'sono fuori sede',
]

/** What is said in letters, too. */
const OF_ANYBODY: readonly string[] = [
  'i am away from',
  'i am on vacation',
  'i am on annual leave',
  'i am on leave',
  'i will be away',
  'i will be on',
  'ich bin derzeit nicht',
  'nicht im büro',
  'nicht im haus',
  'bin ich abwesend',
  'bin abwesend',
  'ich bin im urlaub',
  'je suis absent',
  'je suis en congé',
  'estaré fuera',
  'estou ausente',
  'ik ben afwezig',
  'ik ben niet aanwezig',
]

const speaksOfAbsence = (mail: Evidence): boolean => mail.says(OF_PROGRAMS) || mail.says(OF_ANYBODY)

/** Outlook writes X-Auto-Response-Suppress on letters, too, so that it counts beside the mark of an answer only. */
export function isAbsenceNote(mail: Evidence): boolean {
  if (isOnBehalf(mail)) return false
  const isAnswer = mail.has(['in-reply-to'], /\S/)
  if (!isUnattended(mail)) return suppressesAnswers(mail) && isAnswer && isAnnounced(mail)
  return isAnnounced(mail) || (isAnswer && mayBeAbsence(mail)) || (answersSomething(mail) && isSaid(mail))
}

const isAnnounced = (mail: Evidence): boolean => hasAbsenceWord(mail) || (mayBeAbsence(mail) && speaksOfAbsence(mail))

/** A shop that hands on what somebody wrote is Auto-Submitted as well. */
const isSaid = (mail: Evidence): boolean =>
  mail.says(OF_PROGRAMS) ||
  (mail.says(OF_ANYBODY) && (hasEmptyReturnPath(mail) || mail.has(PRECEDENCE, /^(?:bulk|junk|auto)/i)))
