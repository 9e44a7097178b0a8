import { Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ruleFields } from '../../../../src/message/header/rule-fields.ts'
import { automatic } from '../../../../src/message/kind/automatic.ts'
import { understand } from '../../../../src/message/understand.ts'

const of = (header: string, { sender = 'carla@example.com', subject = 'Help' } = {}) => {
  const lines = header === '' ? [] : header.split('\n').map((line) => ({ key: line.slice(0, line.indexOf(':')), line }))
  return automatic({ fields: ruleFields(lines), sender, subject })
}

/** Header, code, kind. */
const AUTOMATIC = [
  ['Auto-Submitted: auto-replied', 'auto-submitted', 'auto-reply'],
  ['Auto-Submitted: Auto-Generated; type=x', 'auto-submitted', 'auto-reply'],
  ['auto-submitted: (a comment) auto-notified', 'auto-submitted', 'auto-reply'],
  ['X-Auto-Response-Suppress: All', 'auto-response-suppress', 'auto-reply'],
  ['X-Auto-Response-Suppress: DR, OOF, AutoReply', 'auto-response-suppress', 'auto-reply'],
  ['Precedence: bulk', 'precedence-bulk', 'list'],
  ['Precedence: junk', 'precedence-bulk', 'list'],
  ['Precedence: list', 'precedence-list', 'list'],
  ['Precedence: auto_reply', 'precedence-auto-reply', 'auto-reply'],
  ['List-Id: People <people.example.com>', 'list', 'list'],
  ['List-Unsubscribe: <mailto:off@example.com>', 'list', 'list'],
  ['X-Mailing-List: people@example.com', 'list', 'list'],
  ['X-Autoreply: yes', 'autoreply', 'auto-reply'],
  ['X-Autorespond: Out today', 'autoreply', 'auto-reply'],
  ['X-Auto-Reply-From: anna@example.com', 'autoreply', 'auto-reply'],
  ['X-POST-MessageClass: 9; Autoresponder', 'autoreply', 'auto-reply'],
  ['X-FC-MachineGenerated: true', 'generated', 'auto-reply'],
  ['X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent', 'generated', 'auto-reply'],
  ['X-OTRS-Loop: yes', 'loop', 'auto-reply'],
  ['X-RT-Loop-Prevention: rt.example.com', 'loop', 'auto-reply'],
  ['Return-Path: <>', 'return-path-empty', 'auto-reply'],
  ['Return-Path: <MAILER-DAEMON>', 'return-path-empty', 'auto-reply'],
  ['Content-Type: multipart/report; report-type=delivery-status; boundary=x', 'delivery-status', 'delivery-status'],
  [
    'Content-Type: multipart/report;\n boundary=x; report-type="disposition-notification"',
    'disposition-notification',
    'disposition',
  ],
  ['Content-Type: multipart/report; report-type=feedback-report', 'feedback-report', 'feedback'],
  ['Content-Type: message/delivery-status', 'delivery-status', 'delivery-status'],
  ['Content-Type: multipart/report; boundary=x', 'report', 'delivery-status'],
  ['X-Failed-Recipients: gone@example.com', 'failed-recipients', 'delivery-status'],
  ['Feedback-ID: 12:campaign:newsletter:esp', 'bulk', 'list'],
  ['X-CSA-Complaints: csa-complaints@eco.de', 'bulk', 'list'],
  ['X-Spam-Flag: YES', 'spam', 'personal'],
] as const

const PERSONAL = [
  'Auto-Submitted: no',
  'Auto-Submitted: no (a person)',
  'X-Auto-Response-Suppress: DR, NDR, RN, NRN',
  'Precedence: first-class',
  'X-Autoreply: no',
  'Return-Path: <carla@example.com>',
  'Content-Type: multipart/mixed; boundary=report',
  'Feedback-ID: i4d1:Fastmail',
  'X-Spam-Flag: NO',
  'X-MS-Exchange-Inbox-Rules-Loop: carla@example.com',
]

const MACHINES = [
  'MAILER-DAEMON',
  'postmaster',
  'noreply',
  'no-reply',
  'no_reply+1',
  'do-not-reply',
  'DoNotReply',
  'donotreply',
]
const MORE_MACHINES = [
  'not-reply',
  'news-noreply',
  'noreply-news',
  'owner-people',
  'people-request',
  'people-bounces+1',
  'bounce',
]

describe('a mail that must not be answered automatically (RFC 3834 section 2)', () => {
  test.each(AUTOMATIC)('shows by %s', (header, code, kind) => {
    expect(of(header.replace('\n', ''))).toEqual({ reason: `automatic/${code}`, kind })
  })

  test.each([...MACHINES, ...MORE_MACHINES])('shows by its sender %s@', (local) => {
    expect(of('', { sender: `${local}@example.com` })?.reason).toMatch(/^automatic\/sender-/)
  })

  test.each([
    ...[
      'Automatic reply: Help',
      'Automatische Antwort: Hilfe',
      'Réponse automatique : x',
      'OOF: away',
      'Out of Office',
    ],
    ...['Abwesenheitsnotiz', 'Risposta automatica: x', 'Autosvar: x', 'AUTO: Jo is out of the office'],
  ])('shows by its subject: %s', (subject) => {
    expect(of('', { subject })).toEqual({ reason: 'automatic/absence-note', kind: 'auto-reply' })
  })

  test('is one whose subject begins with Auto: only if it answers something (section 3.1.5)', () => {
    expect(of('', { subject: 'Auto: parts' })).toBeNull()
    expect(of('In-Reply-To: <a@b>', { subject: 'Auto: parts' })?.reason).toBe('automatic/absence-note')
  })

  test('is one without a sender that a mail could go to', async () => {
    for (const from of ['', 'From: Anna\r\n', 'From: <>\r\n', 'From: undisclosed:;\r\n', 'From: <a@b@c>\r\n']) {
      const parsed = await understand(Readable.from([Buffer.from(`${from}Subject: x\r\n\r\nHello\r\n`)]))
      expect({ from, reason: parsed.reason }).toEqual({ from, reason: 'automatic/sender-missing' })
    }
  })
})

describe('a letter', () => {
  test.each(PERSONAL)('stays one with %s', (header) => {
    expect(of(header)).toBeNull()
  })

  test.each(['carla', 'nora.reply', 'anna.noreen', 'request', 'bouncer', 'autohaus', 'office'])(
    'of %s@ is one',
    (local) => {
      expect(of('', { sender: `${local}@example.com` })).toBeNull()
    },
  )

  test.each(['Re: Help', 'Out of order', 'Automatic gearbox', 'Automobile: parts', 'office: key'])(
    'about "%s" is one',
    (subject) => {
      expect(of('', { subject })).toBeNull()
    },
  )
})

test('any header gives an answer', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string())), fc.string(), fc.string(), (pairs, sender, subject) => {
      const lines = pairs.map(([key, value]) => ({ key, line: `${key}: ${value}` }))
      const found = automatic({ fields: ruleFields(lines), sender, subject })
      expect(found === null || found.reason.startsWith('automatic/')).toBe(true)
    }),
  )
})
