import { describe, expect, test } from 'vitest'
import { classified, letter, of, report } from './mail.ts'

/** What customers write, and what stands at the start of machines' mail as well. */
const SUBJECTS = [
  ...[
    'Automatic reply to your order?',
    'Out of office chairs',
    'Vacation rental request',
    'Semester fee',
    'Autoresponder',
  ],
  ...[
    'Undelivered parcel',
    'Undelivered: parcel 4711',
    'Delivery failed - where is my package',
    'Delivery status: order 4',
  ],
  ...[
    'Return to sender: my parcel',
    'Message not delivered',
    'Nicht zustellbar: Paket 123',
    'Zustellung fehlgeschlagen',
  ],
  ...['Read: your offer', 'Gelesen: Ihr Angebot', 'Empfangsbestätigung: Paket', 'Lu : votre offre', 'Auto: Unfall'],
]

/** As programs of customers, forms, shops and servers on the way mark what somebody wrote. */
const MARKS = [
  '',
  'X-Auto-Response-Suppress: All',
  'List-Unsubscribe: <mailto:out@shop.example>',
  'X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nIn-Reply-To: <a@desk.example>\nResent-From: <info@firm.example>',
]

const TEXT =
  'Hello,\n\nthe parcel could not be delivered, they say, and came back undelivered.\nDas Paket wurde am 3. Mai verschickt.\n'

const SUPPRESSED = ['auto-reply', 'delivery-status', 'disposition', 'feedback', 'challenge']

const isTicket = (kind: string): boolean => !SUPPRESSED.includes(kind)

describe("a customer's letter becomes a ticket", () => {
  test.each(SUBJECTS)('whatever marks it bears: %s', (subject) => {
    for (const mark of MARKS) {
      expect({ mark, isTicket: isTicket(of(mark, { subject, text: TEXT }).kind) }).toEqual({ mark, isTicket: true })
    }
  })

  test.each(SUBJECTS)('if a form sends it for somebody: %s', async (subject) => {
    const form = `From: Shop <form@shop.example>\nReply-To: carla@example.com\nSubject: ${subject}`
    for (const mark of ['Auto-Submitted: auto-generated', 'Return-Path: <>', 'Precedence: bulk']) {
      expect(isTicket((await classified(letter(`${form}\n${mark}`, TEXT))).kind)).toBe(true)
    }
  })

  test.each(['Undelivered parcel', 'Delivery failed - where is my package', 'Zustellung fehlgeschlagen'])(
    'if it came without an envelope sender, and does not speak of mail: %s',
    (subject) => {
      expect(of('Return-Path: <>', { subject, text: TEXT }).kind).toBe('notification')
    },
  )

  test.each([
    'Out of office chairs',
    'Vacation rental request',
    'Im Urlaub kaputt gegangen',
    'Semester fee',
    'Printer is out of paper',
  ])('if a form without a Reply-To sends it, and nobody says that he is absent: %s', (subject) => {
    expect(of('Auto-Submitted: auto-generated', { subject, text: TEXT }).kind).toBe('notification')
  })

  test('if a shop hands on that somebody is away', () => {
    const header = 'Auto-Submitted: auto-generated\nIn-Reply-To: <a@desk.example>'
    const text = 'I am away from home on Monday, please leave it with the neighbour.\n'
    expect(of(header, { subject: 'Re: your order', text }).kind).toBe('notification')
  })

  test.each(['FW: order 4711', 'WG: Bestellung', 'Tr : commande'])(
    "if a rule of Exchange's forwards it, though it answers something: %s",
    (subject) => {
      const header = 'X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nIn-Reply-To: <a@desk.example>'
      expect(isTicket(of(header, { subject }).kind)).toBe(true)
      expect(of(header, { subject: 'order 4711' }).kind).toBe('auto-reply')
    },
  )

  test('if a program for vacation rentals sends it', () => {
    expect(of('X-Mailer: Vacation Rentals CRM 2.0').kind).toBe('personal')
    expect(of('X-Mailer: vacation 1.2.7').kind).toBe('auto-reply')
  })

  test.each(['disposition-notification', 'feedback-report'])('if somebody passes on a %s', async (type) => {
    const parts = [
      'Content-Type: text/plain\n\nlook at this\n',
      `Content-Type: message/${type}\n\nFeedback-Type: abuse\n`,
    ]
    const mixed = (subject: string) =>
      report(`Subject: ${subject}`, type, parts).replace(/multipart\/report; report-type=[a-z-]+/, 'multipart/mixed')
    expect((await classified(mixed('Fwd: what is this?'))).kind).toBe('personal')
    expect(isTicket((await classified(mixed('what is this?'))).kind)).toBe(false)
  })

  test('if a firm is called like a mail server', async () => {
    const fields = 'From: Mail Delivery GmbH <info@parcels.example>\nSubject: Delivery failed'
    expect((await classified(letter(fields, 'Your parcel could not be delivered.'))).kind).toBe('personal')
  })
})

describe('the same marks on what machines write', () => {
  test.each([
    ['Undeliverable: Help', 'Return-Path: <>', 'bob@y.example: 550 5.2.2 mailbox full'],
    ['Mail delivery failed', 'Return-Path: <>', 'Your mail could not be delivered to <bob@y.example>: user unknown'],
  ])('make a bounce of %s', (subject, mark, text) => {
    expect(of(mark, { subject, text, sender: 'info@y.example' }).kind).toBe('delivery-status')
  })

  test.each([
    ['Out of office', 'Return-Path: <>', ''],
    ['Vacation', 'Auto-Submitted: auto-generated', 'I am on vacation until Monday.'],
    ['Help', 'Return-Path: <>\nIn-Reply-To: <a@desk.example>', 'Ich bin im Urlaub.'],
    ['Automatic reply', 'In-Reply-To: <a@desk.example>\nX-Auto-Response-Suppress: All', ''],
  ])('make an absence note of %s', (subject, mark, text) => {
    expect(of(mark, { subject, text }).kind).toBe('auto-reply')
  })

  test.each([
    ['Gelesen: Hilfe', 'Ihre Nachricht\n\nAn: x\n\nwurde am 3.11.2026 10:12 gelesen.\n'],
    ['Lu : Aide', 'Votre message\n\nÀ : x\n\na été lu le mardi 3 novembre 2026.\n'],
    ['Not read: Help', 'Your message\n\nTo: x\n\nwas deleted without being read on Tuesday, November 3, 2026.\n'],
  ])('make a receipt of %s', (subject, text) => {
    expect(of('', { subject, text }).kind).toBe('disposition')
  })
})
