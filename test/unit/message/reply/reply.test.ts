import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replyOf } from '../../../../src/message/reply/reply.ts'
import { growsLinearly } from '../../../support/growth.ts'

const replyTo = (text: string, subject = 'Re: question'): string | null => replyOf({ text, html: null, subject }).reply

const WROTE = 'On Tue, Nov 3, 2026 at 10:12 AM Ann <ann@example.net> wrote:'
const FIELDS = 'From: Ann <ann@example.net>\nSent: Tuesday, November 3, 2026 10:12 AM\nTo: Bob\nSubject: question'

describe('what was quoted', () => {
  test.each([
    ['below the words', `Thank you.\n\n${WROTE}\n\n> first\n>\n> second`, 'Thank you.'],
    ['with the signature above it', `Thank you.\n\n-- \nBob\n\n${WROTE}\n> first`, 'Thank you.'],
    ['with the signature below it', `Thank you.\n\n${WROTE}\n> first\n\n-- \nBob\n+49 1234`, 'Thank you.'],
    ['without a word of who wrote it', 'Thank you.\n\n> first\n> second', 'Thank you.'],
    ['with a name alone above it', 'Thank you.\n\nAnn wrote:\n> first', 'Thank you.'],
    [
      'with a mailing list footer',
      `Yes.\n\n${WROTE}\n> first\n${'_'.repeat(47)}\nlist mailing list\nlist@example.net`,
      'Yes.',
    ],
    ['with marks before it (Outlook)', `Thank you.\n\n${FIELDS}\n\n> first`, 'Thank you.'],
    ['by GroupWise', 'Thank you.\n\n>>> Ann <ann@example.net> 11/3/2026 10:12 AM >>>\nfirst', 'Thank you.'],
    ['with wide marks', `Thank you.\n\n${WROTE}\n＞ first`, 'Thank you.'],
    [
      'with an address that was broken',
      'Yes.\n\nOn Tue, Nov 3, 2026 at 10:12 AM Ann <ann@example.net\n>:\n\n> first',
      'Yes.',
    ],
    [
      'with a long line that was broken',
      `Yes.\n\n${WROTE}\n> ${'word '.repeat(15)}and a\nrest of it\n> second`,
      'Yes.',
    ],
    ['below another line', `Yes.\n---\n${WROTE}\n> first`, 'Yes.'],
    [
      'with fields without colons',
      'Yes.\n\nVon Ann Example <ann@example.net>\nAn Bob\nDatum 3. Nov. 2026\nBetreff question\n\nfirst',
      'Yes.',
    ],
    [
      'from Lotus Notes',
      'Yes.\n\nFrom:\tAnn/Example\nTo:\tBob/Example\nDate:\t03/11/2026 10:12 AM\nSubject:\tquestion\n\nfirst',
      'Yes.',
    ],
    [
      'with a long list of recipients',
      `Yes.\n\nFrom: Ann\nSent: today\nTo: ${'Bob <bob@example.net>;\n '.repeat(3)}Eve\nSubject: q\n\nfirst`,
      'Yes.',
    ],
    ['on lines set apart', `Yes.\n\n${FIELDS.replaceAll('\n', '\n\n')}\n\nfirst`, 'Yes.'],
  ])('is left out: %s', (_, text, reply) => {
    expect(replyTo(text)).toBe(reply)
    expect(replyTo(text.replaceAll('\n', '\r\n'))).toBe(reply)
  })

  test('stays where the words of the writer follow it, without the line of who wrote it', () => {
    const text = `Hello,\n\n${WROTE}\n> one?\nYes.\n\n> two?\n\nNo.\n\n> three\n> four\n\n-- \nBob`
    expect(replyTo(text)).toBe('Hello,\n\n> one?\nYes.\n\n> two?\n\nNo.')
    expect(replyTo(`${WROTE}\n\n> one?\n\nYes.`)).toBe('> one?\n\nYes.')
  })

  test('stays where the writer introduces it', () => {
    expect(replyTo('I get this:\n> error 5\n')).toBe('I get this:\n> error 5')
  })
})

describe('a mail that is passed on', () => {
  test.each([
    ['Fwd: question', `See below.\n\n---------- Forwarded message ---------\n${FIELDS}\n\nfirst`],
    ['question', `See below.\n\n-------- Weitergeleitete Nachricht --------\n${FIELDS}\n\nfirst\n\n-- \nAnn`],
    ['question', `See below.\n\nBegin forwarded message:\n\n> ${FIELDS.replaceAll('\n', '\n> ')}\n>\n> first`],
    ['WG: question', `See below.\n\n________________________________\n${FIELDS}\n\nfirst`],
    ['TR: question', `See below.\n\n${WROTE}\n\nfirst`],
  ])('is part of what was sent: %s, %j', (subject, text) => {
    expect(replyTo(text, subject)).toBe(text)
  })

  test('is left out where it was answered', () => {
    expect(replyTo(`Thanks.\n\n${FIELDS}\n\n---------- Forwarded message ---------\n${FIELDS}`, 'Re: Fwd: q')).toBe(
      'Thanks.',
    )
  })
})

describe('signatures', () => {
  test.each([
    ['Hello\n\n-- \nBob\nExample Corp', 'Hello'],
    ['Hello\n-- \nBob', 'Hello'],
    ['Hello\n\n--\nBob', 'Hello'],
    ['Hello\n\n--\u00a0\nBob', 'Hello'],
    [`Hello\n\n-- \n${'line\n'.repeat(40)}`, 'Hello'],
    ['Hello\n\n--\nBob\n\nSent from my iPhone', 'Hello'],
    ['Hello\n\nVirus-free. www.avast.com <https://www.avast.com/sig>', 'Hello'],
  ])('%j reads %j (RFC 3676 section 4.3)', (text, reply) => {
    expect(replyTo(text)).toBe(reply)
  })

  test.each([
    'Hello\n\nBest regards,\nAnn',
    `Hello\n\n--\n${'a long text\n\n'.repeat(20)}`.trim(),
    'Hello\n\n-- first point\n-- second point',
    'Name: ____\n________\nThe end of the form',
    'Hello\n\n—\nAnn',
    '-- \nAnn',
    'Sent from my iPhone',
  ])('%j stays: nothing tells for certain', (text) => {
    expect(replyTo(text)).toBe(text)
  })
})

describe('asks of help desks not to write below a line', () => {
  test.each([
    '##- Please type your reply above this line -##',
    '## Bitte antworten Sie über dieser Zeile ##',
    '-- REPLY ABOVE THIS LINE --',
    '=-=-=-= Please reply above this line =-=-=-=',
    '##- Veuillez saisir votre réponse au-dessus de cette ligne. -##',
    '##- Escriba su respuesta por encima de esta línea -##',
    '##- Digite sua resposta acima desta linha -##',
    '##- Typ uw antwoord boven deze regel -##',
    '##- この行より上に返信を入力してください -##',
    'Reply above this line.',
  ])('%j', (ask) => {
    expect(replyTo(`Thank you.\n\n${ask}\n\nfirst`)).toBe('Thank you.')
    expect(replyTo(`Thank you.\n\n${WROTE}\n\n> ${ask}\n>\n> first\n\nsecond`)).toBe('Thank you.')
  })
})

describe('what looks like a quotation and is none', () => {
  test.each([
    'On Monday we met.\n\nOn the other hand: no.',
    'On 3 Nov 2026 at 10:12 I wrote:\nplease help',
    'On average it works.\n\nWhat I wrote:\nno help',
    'From: Berlin\nTo: Munich\nDate: 3 May 2026\n\nTwo tickets, please.',
    'From: Berlin\nTo: Munich\nDate: 3 May 2026\n\nWrite to ann@example.net, please.',
    'The form asks for\nSubject: and\nFrom: fields.',
    'Please call me at 10:30:\n030 1234',
    'These addresses fail:\nann@example.net\nbob@example.net:\nall of them',
    'Two cases:\n1. 2026-11-03 10:12:13 error\n2. 2026-11-03 10:12:14 error',
    'At 10:12 the server said:\nerror 5\n\nWhat now?',
    'Es geht um die Rechnung von 2026:\n\nBitte stornieren.',
    '| a | b |\n| - | - |\n| 1 | 2 |',
    `My log:\n\nReceived: from a.example.net\n${FIELDS.replace('Sent:', 'Date:')}\nMessage-ID: <1@example.net>\n\nWhy?`,
    'Rejected:\n  mail server after RCPT TO:<ann@example.net>:\n  host mx1.example.net [192.0.2.32]: 550 <ann@example.net>:\n  denied',
    `My log:\n\n${FIELDS}\nMessage-ID: <1@example.net>\n\nWhy?`,
    'Von Berlin aus\nAn Bord 2026\nZu Gast',
    'On 3 Nov 2026 your colleague ann@example.net wrote:\nplease send it\n\nHere it is.',
    'At 10:12 the server of ann@example.net said:\nerror 5',
    `Write to me at ann@example.net:\n\n${WROTE.replace('wrote:', 'asked me')}`,
    'Look at\n-----\nthis\n-----\nand that',
    'Please reply above this line is what your mail says, but where?',
  ])('%j stays whole', (text) => {
    expect(replyTo(text, 'question')).toBe(text)
  })
})

describe('nothing is lost', () => {
  test.each([
    `${WROTE}\n> first\n> second`,
    `-----Original Message-----\n${FIELDS}\n\nfirst`,
    '##- Please type your reply above this line -##\n\nfirst',
    '> first',
    ' \n',
    '',
  ])('%j has nothing else: all of it is the reply', (text) => {
    expect(replyTo(text)).toBe(text)
  })

  test('no text, no reply; more than a mebibyte or 20,000 lines is not read', () => {
    expect(replyOf({ text: null, html: null, subject: '' })).toEqual({ reply: null, replyHtml: null })
    const long = `Hello\n\n-- \n${'x'.repeat(1024 * 1024)}`
    expect(replyTo(long)).toBe(long)
    const tall = `Hello${'\n'.repeat(20_000)}\n-- \nBob`
    expect(replyTo(tall)).toBe(tall)
  })

  const piece = fc.oneof(
    fc.constantFrom(
      ...WROTE.split(' '),
      ...FIELDS.split('\n'),
      WROTE,
      '-- ',
      '--',
      '> ',
      '>',
      '___',
      'Sent from my iPhone',
    ),
    fc.constantFrom(
      '-----Original Message-----',
      '---------- Forwarded message ---------',
      'I see:',
      'wrote:',
      '\u202b',
      '：',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  )
  const text = fc
    .array(fc.tuple(piece, fc.constantFrom('\n', '\n\n', '\r\n', ' ', '\n> ')), { maxLength: 30 })
    .map((pieces) => pieces.flat().join(''))

  test('any text: the reply is its own reply, has lines of it in their order, and is blank only where the text is', () => {
    fc.assert(
      fc.property(text, fc.constantFrom('', 'Re: a', 'Fwd: a'), (written, subject) => {
        const reply = replyTo(written, subject) ?? ''
        expect(reply.length).toBeLessThanOrEqual(written.length)
        expect(replyTo(reply, subject)).toBe(reply)
        expect(reply.trim() === '').toBe(written.trim() === '')
        const lines = written.split(/\r\n|\n|\r/)
        let from = 0
        for (const line of reply.split(/\r\n|\n|\r/)) {
          const at = lines.findIndex((candidate, index) => index >= from && candidate.trimEnd() === line.trimEnd())
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + 1
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('time', () => {
  const unlucky = [
    'On ',
    'On 1\n',
    'wrote:\n',
    '@',
    '<a@b',
    '-',
    '_\n',
    '--\n',
    '-- \n',
    '> ',
    '>\n',
    'From:',
    'From: a\n',
    'From: a\nTo: b\n',
    ':\n',
    ' ',
    '\n',
    '\u00a0',
    'sent from my\n',
    'On 1.1.2026 10:12 a@b wrote\n',
    'a@b:\n',
    '##',
    'reply above this line\n',
    '. ',
    '1',
    '于',
    '<https:',
    '*',
    '( ',
    "'",
  ]
  const LONGEST = 400_000

  test.each(unlucky)('%j repeated takes no longer than its length demands', (part) => {
    const read = (length: number) => {
      const lines = part.repeat(length / part.length).split('\n')
      // More are not looked at: of all lengths the same share.
      replyTo(lines.slice(0, (20_000 * length) / LONGEST).join('\n'))
    }
    expect(growsLinearly(read, LONGEST / 8)).toBe(true)
  })
})
