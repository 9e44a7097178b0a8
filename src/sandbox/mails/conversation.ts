import { dateField, type Field, mail, type SampleMail, SUPPORT, text } from './compose.ts'

const CUSTOMER = 'Hannah Reyes <hannah@reyes-yoga.example>'
const COLLEAGUE = 'Lena Vogt <lena.vogt@mailchute.example>'
const IDS = [
  '<yoga-1@reyes-yoga.example>',
  '<re-yoga-2@mailchute.example>',
  '<yoga-3@reyes-yoga.example>',
  '<re-yoga-4@mailchute.example>',
]

/** One conversation of four mails: a customer, and a colleague in support who answers with the mailbox in Cc. */
export function conversationMails(): readonly SampleMail[] {
  return [
    turn(0, CUSTOMER, SUPPORT, 'Course booking shows the wrong time', ASKED, COLLEAGUE),
    turn(
      1,
      COLLEAGUE,
      CUSTOMER,
      'Re: Course booking shows the wrong time',
      quoting(ANSWERED, 'Hannah Reyes', ASKED),
      SUPPORT,
    ),
    turn(
      2,
      CUSTOMER,
      COLLEAGUE,
      'RE: Course booking shows the wrong time',
      quoting(ASKED_AGAIN, 'Lena Vogt', ANSWERED),
      SUPPORT,
    ),
    turn(
      3,
      COLLEAGUE,
      CUSTOMER,
      'Re: RE: Course booking shows the wrong time',
      quoting(SOLVED, 'Hannah Reyes', ASKED_AGAIN),
      SUPPORT,
    ),
  ]
}

function turn(index: number, from: string, to: string, subject: string, body: string, cc?: string): SampleMail {
  const ancestors = IDS.slice(0, index)
  const reply: readonly Field[] = [
    ['In-Reply-To', ancestors.at(-1) ?? ''],
    ['References', ancestors.join('\r\n ')],
  ]
  const fields: readonly Field[] = [
    ['From', from],
    ['To', to],
    ...(cc ? [['Cc', cc] as const] : []),
    ['Subject', subject],
    ['Date', dateField(`2026-11-0${3 + index} 12:0${index}:00`)],
    ['Message-ID', IDS[index] ?? ''],
    ...(index > 0 ? reply : []),
  ]
  const description = `mail ${index + 1} of 4 of one conversation, by ${index % 2 === 0 ? 'the customer' : 'a colleague, support in Cc'}`
  return mail(`conversation-${index + 1}`, description, fields, text(body, 'utf-8', '7bit'))
}

function quoting(body: string, name: string, quoted: string): string {
  return `${body}\nOn 3 November 2026, ${name} wrote:\n${quoted.trimEnd().replace(/^/gm, '> ')}\n`
}

const ASKED = `Hi,

my course on Thursdays is shown at 17:00 instead of 18:00 since the clocks changed. Can you look into it?

Hannah
`

const ANSWERED = `Hello Hannah,

thank you for telling us. Which time zone is set under Settings > Studio?

Lena, Mailchute support
`

const ASKED_AGAIN = `It says UTC+2. Should I change that myself?

Hannah
`

const SOLVED = `Yes, please choose "Europe/Madrid": then the clock changes are followed by themselves.

Lena, Mailchute support
`
