/**
 * What a support mailbox really gets, in equal turns: letters with attachments, the sample mails in all their charsets,
 * replies of several programs with what they quote, mailings in HTML, and bounces. The same octets for the same count.
 */
import { generateMails } from '../../src/sandbox/generate.ts'
import { paragraphs } from '../../src/sandbox/generated-content.ts'
import { type Field, html, letter, message, multipart, type Part, text } from '../../src/sandbox/mails/compose.ts'
import { sampleMails } from '../../src/sandbox/mails/sample-mails.ts'
import { createRandom, type Random } from '../../src/sandbox/random.ts'

const AVERAGE_BYTES = 46_000

/** `letter` is made last: its attachments bring the average to what it is to be. */
type Made = (random: Random, index: number) => Buffer
const TURNS: readonly (Made | 'letter')[] = [
  'letter',
  sample,
  'letter',
  reply,
  mailing,
  'letter',
  bounce,
  reply,
  sample,
  'letter',
]

export function mixedMails(count: number): readonly Buffer[] {
  const random = createRandom(7)
  const made = Array.from({ length: count }, (_, index) => {
    const turn = TURNS[index % TURNS.length] ?? 'letter'
    return turn === 'letter' ? null : turn(random, index)
  })
  const letters = made.filter((one) => one === null).length
  const octets = made.reduce((sum, one) => sum + (one?.length ?? 0), 0)
  const generated = generateMails({ count: letters, averageBytes: (AVERAGE_BYTES * count - octets) / letters })
  const next = generated.values()
  return made.map((one) => one ?? next.next().value?.octets ?? Buffer.alloc(0))
}

const SAMPLES = sampleMails().filter(({ octets }) => octets.length < AVERAGE_BYTES)

function sample(_: Random, index: number): Buffer {
  return SAMPLES[Math.floor(index / 2) % SAMPLES.length]?.octets ?? Buffer.alloc(0)
}

interface Program {
  readonly mailer: string
  readonly attribution: string
  readonly quoted: (paragraphs: readonly string[]) => string
}

const asBlocks = (all: readonly string[]): string => all.map((each) => `<p>${each}</p>`).join('\n')
const PROGRAMS: readonly [Program, ...Program[]] = [
  {
    mailer: 'Gmail',
    attribution: 'On Tue, Sep 1, 2026 at 10:12 AM Support <support@mailchute.example> wrote:',
    quoted: (all) =>
      `<div class="gmail_quote"><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">${asBlocks(all)}</blockquote></div>`,
  },
  {
    mailer: 'Microsoft Outlook 16.0',
    attribution:
      'Von: Support <support@mailchute.example>\nGesendet: Dienstag, 1. September 2026 10:12\nAn: Kundin\nBetreff: AW: Ihre Anfrage\n',
    quoted: (all) =>
      `<div style="border:none;border-top:solid #E1E1E1 1.0pt">${all.map((each) => `<p class="MsoNormal"><span style="font-size:11.0pt;font-family:'Calibri',sans-serif">${each}<o:p></o:p></span></p>`).join('\n')}</div>`,
  },
  {
    mailer: 'Apple Mail (2.3774)',
    attribution: 'Le 1 sept. 2026 à 10:12, Support <support@mailchute.example> a écrit :',
    quoted: (all) => `<blockquote type="cite"><div>${all.join('<br class=""><br class="">')}</div></blockquote>`,
  },
]

function reply(random: Random, index: number): Buffer {
  const { mailer, attribution, quoted } = random.pick(PROGRAMS)
  const [written, old] = [paragraphs(random, 800), paragraphs(random, random.between(1, 5) * 2000)]
  const plain = `${written.join('\n\n')}\n\n${attribution}\n\n${old.map((each) => `> ${each}`).join('\n>\n')}\n`
  const rich = `<html><head><meta charset="utf-8"></head><body><div>${asBlocks(written)}</div><br><div>${attribution}</div>${quoted(old)}</body></html>`
  const body = multipart('alternative', [
    text(plain, 'utf-8', 'quoted-printable'),
    html(rich, 'utf-8', 'quoted-printable'),
  ])
  const parent = `<parent-${index}@mailchute.example>`
  const fields: Field[] = [
    ['X-Mailer', mailer],
    ['In-Reply-To', parent],
    ['References', parent],
  ]
  return message([...envelope(index, 'Re: your request'), ...fields], body)
}

/** Nested tables, a style for each cell, links that are longer than their text, and often no other text. */
function mailing(random: Random, index: number): Buffer {
  const rows = paragraphs(random, 9000).map(
    (each) =>
      '<tr><td align="center" style="padding:10px 25px;word-break:break-word;"><table border="0" cellpadding="0" cellspacing="0" role="presentation" ' +
      'style="border-collapse:collapse;border-spacing:0px;"><tbody><tr><td style="width:550px;font-family:Helvetica,Arial,sans-serif;font-size:16px;' +
      `line-height:1.5;color:#333333;">${each} <a href="https://click.example/${'a1B2'.repeat(40)}" style="color:#1155cc">&rarr;&nbsp;more</a>` +
      '<img src="https://img.example/pixel.gif" width="1" height="1" alt=""></td></tr></tbody></table></td></tr>',
  )
  const page = `<!doctype html><html><head><style>.a{color:red}\n${'td.b{padding:0;margin:0}\n'.repeat(80)}</style></head><body><table width="600">${rows.join('\n')}</table></body></html>`
  const list: Field[] = [
    ['List-Id', 'News <news.example>'],
    ['List-Unsubscribe', '<https://news.example/u>'],
    ['Precedence', 'bulk'],
  ]
  const rich = html(page, 'utf-8', random.pick(['quoted-printable', 'base64']))
  const body =
    random.between(0, 1) < 0.5
      ? rich
      : multipart('alternative', [text('In a browser: https://news.example', 'utf-8', '7bit'), rich])
  return message([...envelope(index, 'What is new this month'), ...list], body)
}

/** RFC 3464. */
function bounce(random: Random, index: number): Buffer {
  const report =
    'Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; gone@customer.example\r\nAction: failed\r\n' +
    'Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <gone@customer.example>: Recipient address rejected\r\n'
  const original = message(
    envelope(index, 'We have received your mail'),
    text(paragraphs(random, 1500).join('\n\n'), 'utf-8', '8bit'),
  )
  const body = multipart('report; report-type=delivery-status', [
    text('This is the mail system at host mx.example.\nYour message could not be delivered.', 'utf-8', '7bit'),
    typed('message/delivery-status', Buffer.from(report)),
    typed('message/rfc822', original),
  ])
  const fields: Field[] = [
    ['Return-Path', '<>'],
    ['Auto-Submitted', 'auto-replied'],
  ]
  return message(
    [
      ...fields,
      ...letter(
        'MAILER-DAEMON@mx.example',
        'Undelivered Mail Returned to Sender',
        '2026-09-01 10:00:00',
        `bounce-${index}@mx.example`,
      ),
    ],
    body,
  )
}

const typed = (type: string, octets: Buffer): Part => ({ fields: [['Content-Type', type]], octets })

const envelope = (index: number, subject: string): readonly Field[] =>
  letter(
    `Writer ${index} <writer-${index}@mixed.example>`,
    `${subject} ${index}`,
    '2026-09-01 10:00:00',
    `mixed-${index}@mixed.example`,
  )
