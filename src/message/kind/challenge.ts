/**
 * Challenge-response systems: somebody's filter wants us to prove that we are no machine, which we are. Also where they
 * dress up as a delivery status or as a rejection.
 */
import type { Evidence } from './evidence.ts'
import { answersSomething, hasBounceSubject, isNoReply, isOfMachine, isOnBehalf } from './origin.ts'

const HEADERS: readonly string[] = [
  'x-bluebottle-request',
  'x-choicemail-registration-request',
  'x-choicemail-request',
  'x-boxbe-requestid',
  'x-spamarrest-challenge',
  'x-cr-challenge',
  'x-challenge-response',
  'x-askversion',
  'x-qconfirm',
  'x-mailinblack-request',
  'x-sendio-challenge',
  'x-vanquish-request',
]

export const hasChallengeHeader = (mail: Evidence): boolean => mail.has(HEADERS)

/** What they write of themselves. Lower case, single spaces. */
const SENTENCES: readonly string[] = [
  'requires confirmation',
  "added to the recipient's",
  'boxbe guest list',
  'sender not pre-approved',
  'added to my guest list',
  'on my guest list',
  "on the recipient's guest list",
  "'s guest list",
  'protecting myself from',
  'account is protected by',
  'mailbox is protected by',
  'inbox is protected by',
  'mail is protected by',
  'you are a human',
  'you are human',
  'a real live human',
  'not an automated mail',
  'not an automatic mailing',
  'verify your email address so that your message',
  'verify yourself as a sender',
  'confirm your message',
  'confirm your e-mail to',
  'confirm your email to',
  'confirm this mail',
  'confirm that this message',
  'confirm that you sent',
  'confirm that you have sent',
  'only need to do this once',
  'only have to do this once',
  'my list of approved senders',
  'my approved senders',
  'my allowed senders',
  'my whitelist',
  "recipient's whitelist",
  'suspect email folder',
  'challenge-response',
  'challenge/response',
  'protégé par mailinblack',
  'authentifier une seule fois',
  'einmalig bestätigen',
  'als absender bestätigen',
]

/** They ask somebody to do something: an address to visit or to answer. */
const ASKS = /\bhttps?:\/\/|\breply to this|\breply(?:ing)? to|\bclick\b|\bantworten\b|\bcliquez\b/

/**
 * Believed only of machines that answer: people write about these systems, too, and a shop asks for a confirmation of
 * its own accord.
 */
export const speaksOfChallenge = (mail: Evidence): boolean =>
  (SENDERS.test(mail.domain) ||
    ((isOfMachine(mail) || isNoReply(mail)) && !isOnBehalf(mail) && (answersSomething(mail) || isReportLike(mail)))) &&
  mail.says(SENTENCES) &&
  ASKS.test(mail.head)

const isReportLike = (mail: Evidence): boolean =>
  hasBounceSubject(mail) || mail.has(['content-type'], /^multipart\/report\b/i)

const SENDERS =
  /(?:^|\.)(?:boxbe\.com|spamarrest\.com|bluebottle\.com|mailinblack\.com|sendio\.com|vanquish\.com|knowspam\.net|qurb\.com)$/

/** TMDA and its kin answer from an address that carries the question. */
export const isConfirmAddress = ({ localPart }: Evidence): boolean =>
  /(?:^|[-+.])confirm(?:-(?:accept|done|append))?[-+.]\d{6,}[-.+]/.test(localPart)
