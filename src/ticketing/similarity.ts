/**
 * Which mails are as good as the same, as those of a loop are: of one sender and one day, with the same subject, text
 * and files but for numbers, dates and marks of replying. Pure, and linear in the mail.
 */
import { createHash } from 'node:crypto'
import type { ParsedMessage } from '../message/parsed-message.ts'
import { personOf } from '../message/wire-address.ts'
import { CALENDAR_WORDS } from './calendar-words.ts'

type Mail = Pick<ParsedMessage, 'from' | 'subject' | 'date' | 'reply' | 'text' | 'attachments'>

/** Equal for similar mails of a mailbox. */
export function similarityOf(mail: Mail, mailboxId: string): string {
  const sender = personOf(mail.from[0]?.address.slice(0, ADDRESS_CHARACTERS) ?? '')
  // A backlog that comes in at once is no loop: those are of one day.
  const day = mail.date?.slice(0, 'YYYY-MM-DD'.length) ?? ''
  const alike = [
    mailboxId,
    sender,
    day,
    alikeSubject(mail.subject),
    alikeText(mail.reply ?? mail.text ?? ''),
    files(mail),
  ]
  return createHash('sha256').update(JSON.stringify(alike)).digest('hex')
}

const ADDRESS_CHARACTERS = 1000
const SUBJECT_CHARACTERS = 2000
/** Forms tell what is new in them long before that. */
const TEXT_CHARACTERS = 10_000
const TEXT_LETTERS = 500

/**
 * What RFC 5256 section 2.1 leaves of a subject, and less: each answer puts something in front of it (`Re:`, `AW:`,
 * `Automatic reply:`), mostly what stands there already, so that everything before a colon counts once.
 */
function alikeSubject(subject: string): string {
  const parts = subject
    .slice(0, SUBJECT_CHARACTERS)
    .toLowerCase()
    .replace(/\[[^[\]]*\]/g, ' ')
    .split(':')
  const [subjectItself = '', ...before] = parts.map(lettersOf).toReversed()
  const marks = before.filter((part) => part.length > REPLY_LETTERS && part !== subjectItself)
  return [subjectItself, ...new Set(marks)].join(':')
}

/** Re, Aw, Fwd, Antw, Odp, Vast ... whatever the language, they are short. */
const REPLY_LETTERS = 4

/** Words with a digit in them count something or tell the time, as names of months and days do. */
function alikeText(text: string): string {
  let letters = ''
  for (const [word] of text.slice(0, TEXT_CHARACTERS).toLowerCase().matchAll(WORD)) {
    const spelt = /\p{Nd}/u.test(word) ? '' : lettersOf(word)
    if (!CALENDAR_WORDS.has(spelt)) letters += spelt
    if (letters.length >= TEXT_LETTERS) break
  }
  return letters.slice(0, TEXT_LETTERS)
}

const WORD = /[^\s,;()<>"]+/g

function lettersOf(text: string): string {
  return text.replace(/\P{L}+/gu, '')
}

/** Scans from one device differ in their files alone. What a loop encloses of itself grows, and says nothing. */
function files({ attachments }: Mail): string[] {
  const own = attachments.filter(({ contentType }) => !/^(message|text)\//i.test(contentType))
  return own.slice(0, FILES).map(({ sha256 }) => sha256)
}

const FILES = 20
